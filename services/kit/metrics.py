"""Every metric, once: kind, labels, unit, meaning and what to do. A name that is not here does not type-check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from prometheus_client import REGISTRY, Counter, Gauge, Histogram

CounterName = Literal[
    "transaction_retries_total",
    "sessions_ended_total",
    "http_requests_total",
    "records_consumed_total",
    "records_dead_lettered_total",
    "records_parked_total",
    "records_repeated_total",
    "outbox_sent_total",
    "relay_failures_total",
    "notices_attempted_total",
    "notices_ended_total",
    "receipts_total",
    "contacts_wiped_total",
    "provider_shifts_total",
    "spending_caps_reached_total",
    "answers_overdue_total",
    "loop_failures_total",
    "timer_failures_total",
    "webhook_attempts_total",
    "webhook_dead_letters_total",
    "webhook_subscriptions_stopped_total",
    "limited_total",
    "offset_commit_failures_total",
    "rebalances_total",
]
GaugeName = Literal[
    "outbox_pending",
    "outbox_oldest_seconds",
    "parked_keys",
    "dead_letters_open",
    "lease_held",
    "notices_waiting",
    "provider_points",
    "webhook_subscriptions",
    "webhook_dossiers_waiting",
    "stuck_cases",
    "consumer_lag",
    "consumer_partitions",
    "consumer_idle_seconds",
    "consumer_paused",
    "not_ready",
]
HistogramName = Literal["http_seconds", "batch_seconds", "batch_records", "commit_decisions", "gateway_seconds"]


@dataclass(frozen=True)
class Definition:
    """What an operator needs to know of one metric."""

    labels: tuple[str, ...]
    meaning: str
    what_to_do: str


COUNTERS: dict[CounterName, Definition] = {
    "transaction_retries_total": Definition(
        ("reason",),
        "Transactions begun anew.",
        "A steady rate means a hot document: see which service, look for one counter or one case under fire.",
    ),
    "sessions_ended_total": Definition(
        ("process",),
        "Processes that died or stood still, and whose open transactions were ended by a neighbour.",
        "Rising without a deployment: why does that process die? Read its log and the memory of its machine.",
    ),
    "http_requests_total": Definition(
        ("method", "route", "status"), "HTTP requests answered.", "5xx: read the log by correlation id."
    ),
    "records_consumed_total": Definition(
        ("topic", "type"), "Records applied, once each.", "Falling to zero under load: check lag and readiness."
    ),
    "records_dead_lettered_total": Definition(
        ("topic", "slug"),
        "Records no consumer can apply.",
        "Read the dead letters; talk to the producer of that topic.",
    ),
    "records_parked_total": Definition(
        ("topic", "slug"), "Records set aside with their key.", "Look at the parked keys: the slug names the cause."
    ),
    "records_repeated_total": Definition(
        ("topic",), "Records seen before and not applied again.", "Normal after restarts; constant: a relay resends."
    ),
    "outbox_sent_total": Definition(("topic",), "Events handed to Kafka.", "Zero while outbox_pending grows: Kafka."),
    "relay_failures_total": Definition(
        ("reason",), "Failed publishes.", "Check the broker; rows stay pending and are sent when it is back."
    ),
    "notices_attempted_total": Definition(
        ("channel", "result"), "Calls to a gateway.", "Many of one error class: see the runbook of that gateway."
    ),
    "notices_ended_total": Definition(
        ("kind", "state"), "Notices by final state.", "failed: a template or an account needs a person."
    ),
    "receipts_total": Definition(
        ("provider", "result"), "Delivery receipts by what became of them.", "refused: a forged or wrong signature key."
    ),
    "provider_shifts_total": Definition(
        ("provider", "reason"),
        "Moves of points between SMS gateways.",
        "errors, slow: look at `GET /v1/providers`, then at that gateway's runbook.",
    ),
    "spending_caps_reached_total": Definition(
        ("cap",),
        "Caps on the money of a day that were reached.",
        "Notices wait: raise the cap, or find out what sends.",
    ),
    "contacts_wiped_total": Definition(
        (),
        "Contacts wiped after the retention time.",
        "Zero for weeks while dossiers end: does a worker of notify lead?",
    ),
    "answers_overdue_total": Definition(
        (), "Filings flagged because nobody answered in time.", "Rising: call the desks; `registered` lists what waits."
    ),
    "timer_failures_total": Definition(
        (), "Timers of cases whose rule failed; the others went on.", "Read the log `timers.rule_failed`: which rule."
    ),
    "webhook_attempts_total": Definition(
        ("result",), "Calls to agencies' own systems.", "Many of one failure: look which subscription is failing."
    ),
    "webhook_dead_letters_total": Definition(
        ("reason",), "Deliveries given up.", "`gave-up`: tell the agency; it can have them tried again."
    ),
    "webhook_subscriptions_stopped_total": Definition(
        ("reason",), "Subscriptions that were paused or have ended by themselves.", "`failing`: call the agency."
    ),
    "loop_failures_total": Definition(
        ("loop",), "Rounds of a background loop that failed.", "Read the log of that loop."
    ),
    "limited_total": Definition(
        ("limit",), "Requests refused by a limit.", "Many: somebody guesses, or all come through an untrusted proxy."
    ),
    "offset_commit_failures_total": Definition(
        ("reason",),
        "Offset commits that Kafka did not take. Nothing is lost or doubled by it: the fences are the truth.",
        "A few at each rebalance are normal; without end: look at the brokers and the group's coordinator.",
    ),
    "rebalances_total": Definition(
        (),
        "Times this worker gave its partitions back.",
        "Without a deployment: a worker dies, or a batch takes too long.",
    ),
}
GAUGES: dict[GaugeName, Definition] = {
    "outbox_pending": Definition(
        (), "Events of the service waiting to be sent.", "Growing: is Kafka reachable, is a relay leading?"
    ),
    "outbox_oldest_seconds": Definition((), "Age of the oldest waiting event.", "Over 60 s: same as outbox_pending."),
    "parked_keys": Definition(
        (), "Keys (dossiers) set aside.", "Not zero for long: `motcua parked list`, cure the cause."
    ),
    "dead_letters_open": Definition(
        (), "Dead letters that wait for a person.", "`motcua letters list`: correct, replay or close each."
    ),
    "lease_held": Definition(("lease",), "1 where this process leads.", "No process with 1: restart the workers."),
    "notices_waiting": Definition((), "Notices not yet handed over.", "Growing: gateway slow, quota used up or down."),
    "provider_points": Definition(
        ("provider",),
        "Of a hundred texts, how many this SMS gateway gets.",
        "Low for long: that gateway is in trouble.",
    ),
    "webhook_subscriptions": Definition(
        ("state",), "Webhook subscriptions: active, failing, paused.", "failing or paused: call that agency."
    ),
    "webhook_dossiers_waiting": Definition(
        (), "Dossiers with deliveries to agencies' systems still to make.", "Growing: a partner is away or slow."
    ),
    "stuck_cases": Definition(
        ("kind",),
        "Dossiers and messages of routing that do not go on by themselves.",
        "`motcua stuck`: cause and cure.",
    ),
    "consumer_lag": Definition(
        ("topic",),
        "Records that this worker has still to apply.",
        "Growing: add workers, or see what holds the batches.",
    ),
    "consumer_partitions": Definition(
        (), "Partitions this worker reads.", "0 with lag elsewhere: more workers than partitions, or out of the group."
    ),
    "consumer_idle_seconds": Definition(
        (),
        "How long nothing was applied although records wait.",
        "Over 60: `motcua lag`, then the log of that worker.",
    ),
    "consumer_paused": Definition(
        (), "1 while the consumer is held by hand.", "`motcua lag` says who and why; resume it."
    ),
    "not_ready": Definition(("check",), "1 for each check of `/readyz` that says no.", "Read `/readyz` there."),
}
HISTOGRAMS: dict[HistogramName, tuple[Definition, tuple[float, ...]]] = {
    "http_seconds": (
        Definition(("route",), "Time to answer, seconds.", "p99 over 0.5: look at MongoDB and transaction retries."),
        (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
    ),
    "batch_seconds": (
        Definition(("topic",), "Time to apply a batch, seconds.", "Must stay far under the poll interval (300 s)."),
        (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    ),
    "batch_records": (
        Definition(("topic",), "Records in a batch.", "Always at the cap: add workers."),
        (1, 5, 20, 50, 100, 250, 500),
    ),
    "commit_decisions": (
        Definition((), "Decisions that shared one transaction.", "Information only."),
        (1, 2, 4, 8, 16, 32, 64, 128, 500),
    ),
    "gateway_seconds": (
        Definition(("channel",), "Time of a gateway call, seconds.", "Slow: the provider, or the network to it."),
        (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    ),
}

_counters = {n: Counter(f"motcua_{n.removesuffix('_total')}", d.meaning, d.labels) for n, d in COUNTERS.items()}
_gauges = {n: Gauge(f"motcua_{n}", d.meaning, d.labels) for n, d in GAUGES.items()}
_histograms = {n: Histogram(f"motcua_{n}", d.meaning, d.labels, buckets=b) for n, (d, b) in HISTOGRAMS.items()}
registry = REGISTRY


def count(name: CounterName, amount: float = 1, **labels: str) -> None:
    """Add to a counter."""
    metric = _counters[name]
    (metric.labels(**labels) if labels else metric).inc(amount)


def gauge(name: GaugeName, value: float, **labels: str) -> None:
    """Set a gauge."""
    metric = _gauges[name]
    (metric.labels(**labels) if labels else metric).set(value)


def observe(name: HistogramName, value: float, **labels: str) -> None:
    """Add one measurement to a histogram."""
    metric = _histograms[name]
    (metric.labels(**labels) if labels else metric).observe(value)
