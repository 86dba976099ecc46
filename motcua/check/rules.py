"""The checker's rules: pure comparisons of facts. Each names what it finds by a stable word."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from contracts.events import counter, intake, routing
from contracts.topics import COUNTER_INTAKE, COUNTER_REPLIES
from contracts.types import UNIT_CODE_PATTERN
from motcua.check.facts import Facts, Row
from motcua.check.findings import Report

KEPT_BY_KAFKA = timedelta(days=29)
"""A day less than the topics keep their records."""
NOTICE_OF: Mapping[str, str] = {
    intake.DossierRegistered.TYPE: "filed",
    intake.DossierCompletionRequested.TYPE: "supplement",
    intake.DossierRefused.TYPE: "refused",
    intake.DossierSubmitted.TYPE: "received",
    intake.DossierWithdrawn.TYPE: "withdrawn",
    intake.DossierCodeIssued.TYPE: "one_time_code",
    routing.DossierSupplementRequested.TYPE: "supplement",
    routing.DossierPaymentRequested.TYPE: "payment",
    routing.DossierHalted.TYPE: "halted",
    routing.DossierResumed.TYPE: "due_changed",
    routing.DossierDueChanged.TYPE: "due_changed",
    routing.DossierExtended.TYPE: "extended",
    routing.DossierResolved.TYPE: "resolved",
    intake.DossierReturned.TYPE: "returned",
}
UNIT_CODE = re.compile(UNIT_CODE_PATTERN)
FINAL_NOTICES = frozenset({"delivered", "undeliverable", "failed", "expired", "cancelled"})
NO_ANSWER = frozenset({"", "no-answer"})
"""Results of a call that may have been taken: it died with its process, or nobody answered."""
COMMANDS = frozenset(command.TYPE for command in counter.COMMANDS)


def journals(facts: Facts, report: Report, now: datetime, grace: timedelta) -> None:
    """Sequences of each aggregate are 1..n; nothing waits too long."""
    by_aggregate: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in facts.journal:
        if row.sequence is not None:
            by_aggregate[row.service, row.aggregate].append(row.sequence)
        if row.pending and now - row.created_at > grace:
            report.add("stuck", "event-not-sent", row.id, f"{row.type} of {row.subject} waits in {row.service}")
    for (service, aggregate), sequences in by_aggregate.items():
        if sorted(sequences) != list(range(1, len(sequences) + 1)):
            kind = "duplicated" if len(set(sequences)) < len(sequences) else "lost"
            report.add(kind, "sequence-broken", aggregate, f"{service}: {sorted(sequences)[:20]}")  # type: ignore[arg-type]
    for service, key, slug in facts.parked:
        report.add("stuck", "key-parked", key, f"in {service}: {slug}")


def event_log(facts: Facts, report: Report, now: datetime) -> None:
    """The log holds every sent event, in order per dossier and source, and no event that no journal knows."""
    if facts.log is None:
        report.notes.append("the event log was not read: no broker given")
        return
    known = {row.id: row for row in facts.journal}
    first_seen: set[str] = set()
    last: dict[tuple[str, bytes | None, str, str], int] = {}  # order is promised per key
    for record in sorted(facts.log, key=lambda r: (r.topic, r.partition, r.offset)):
        if record.id in first_seen:
            report.seen["records sent again (known to consumers by their id)"] += 1
            continue
        first_seen.add(record.id)
        row = known.get(record.id)
        if row is None:
            if record.source in {"/intake", "/routing", "/notify"} and record.written_ms <= facts.began_ms:
                report.add("orphan", "record-without-journal", record.id, f"{record.topic} from {record.source}")
            continue
        if row.sequence is None:
            continue
        stream = (record.topic, record.key, row.service, row.aggregate)
        if row.sequence < last.get(stream, 0):
            report.add("out_of_order", "sequence-back", row.aggregate, f"{record.topic}: {row.sequence}")
        last[stream] = max(row.sequence, last.get(stream, 0))
    for row in facts.journal:
        fresh = row.sent_at is not None and now - row.sent_at < KEPT_BY_KAFKA
        if fresh and not row.pending and row.id not in first_seen:
            report.add("lost", "event-not-in-log", row.id, f"{row.type} of {row.subject}")


def answers(facts: Facts, report: Report, grace: timedelta) -> None:
    """Every command on the counters' topic is answered once: who sent it waits for that.

    Commands from before the first answer were read by a release that did not answer.
    """
    sent: dict[str, set[str]] = defaultdict(set)
    answered: Counter[str] = Counter()
    log = {record.id: record for record in facts.log or () if record.topic == COUNTER_REPLIES.name}
    began = min((record.written_ms for record in log.values()), default=None)
    for answer in log.values():
        answered[answer.causation or ""] += 1
    parked = {key for service, key, _ in facts.parked if service == "intake"}
    for record in facts.log or ():
        if record.topic == COUNTER_INTAKE.name and record.type in COMMANDS and began is not None:
            key = (record.key or b"").decode("utf-8", "replace")
            old_enough = began <= record.written_ms <= facts.began_ms - 1000 * grace.total_seconds()
            if old_enough and UNIT_CODE.match(key):
                sent[record.id].add(record.source)
    for id, sources in sent.items():
        if answered[id] > len(sources):
            report.add("duplicated", "command-answered-twice", id, f"{answered[id]} answers")
        elif answered[id] < len(sources) and not parked:  # one of those that wait may be this one
            report.add("stuck", "command-without-answer", id, f"from {', '.join(sorted(sources))}"[:200])


def dossiers_and_cases(facts: Facts, report: Report, on_the_way: set[str]) -> None:
    """Every received dossier has its case, every case its dossier, and they tell the same story.

    A filing has none: routing hears of a dossier when the desk accepts it. What still waits in an outbox or behind a
    parked key is not lost; `journals` reports it when it waits too long.
    """
    for code, dossier in facts.dossiers.items():
        if code not in on_the_way and accepted(dossier) and code not in facts.cases:
            report.add("lost", "dossier-without-case", code)
    for code, case in facts.cases.items():
        if any(step["state"] == "unplaced" for step in case.get("steps", ())):
            report.add("stuck", "case-unplaced", code, "every agency declined a step: an operator must place it")
        if code in on_the_way:
            continue
        found = facts.dossiers.get(code)
        if found is None:
            report.add("orphan", "case-without-dossier", code)
        elif not accepted(found):
            report.add("orphan", "case-of-a-filing", code, f"dossier is {found['status']}")
        else:
            _same_story(code, found, case, report)


def accepted(dossier: Mapping[str, Any]) -> bool:
    """Whether the desk has received it: then a date is promised."""
    return dossier.get("due_at") is not None


def _same_story(code: str, dossier: Mapping[str, Any], case: Mapping[str, Any], report: Report) -> None:
    status, state = dossier["status"], case["state"]
    # What was solved on the spot is handed over already when its result is known.
    at_counter = {"returned"} if dossier.get("on_the_spot") else {"resolved", "returned"}
    if case.get("outcome") == "terminated":
        at_counter = {"terminated"}
    if state == "resolved":
        if status not in at_counter:  # also `withdrawn`: the decision came first, and voids the withdrawal
            report.add("lost", "result-not-at-counter", code, f"dossier is {status}")
    elif status in {"resolved", "returned", "terminated"}:
        report.add("lost", "result-without-case", code, f"case is {state}")
    elif (status == "withdrawn") != (state == "withdrawn"):
        report.add("lost", "withdrawal-not-everywhere", code, f"dossier is {status}, case is {state}")


def on_their_way(facts: Facts, now: datetime, grace: timedelta) -> set[str]:
    """Dossiers of which some news is not yet applied everywhere, or so fresh that it need not be."""
    waiting = {row.subject for row in facts.journal if row.pending or now - row.created_at < grace}
    return waiting | {key.rpartition("|")[2] for _, key, _ in facts.parked}


def numbering(facts: Facts, report: Report, on_the_way: set[str]) -> None:
    """Every number that was given out, or taken with a code from elsewhere, has its dossier, and no dossier another."""
    series: dict[str, set[int]] = defaultdict(set)
    for code in facts.dossiers:
        unit, _, number = code.rpartition("-")
        series[unit].add(int(number))
    for unit, noted in facts.numbers.items():
        given = {*range(1, noted["last"] + 1), *noted.get("taken", ())}
        if missing := sorted(given - series[unit]):
            report.add("lost", "number-missing", unit, f"{missing[:20]}")
    for code in facts.dossiers.keys() - on_the_way:
        unit, _, number = code.rpartition("-")
        noted = facts.numbers.get(unit, {"last": 0})
        if int(number) > noted["last"] and int(number) not in noted.get("taken", ()):
            report.add("orphan", "number-not-given", code, "the series would give it out again")


def notices(facts: Facts, report: Report, now: datetime, grace: timedelta) -> None:
    """Every event that calls for a notice has one, and every notice comes to an end."""
    rows: dict[str, Row] = {row.id: row for row in facts.journal}
    told = {notice["event_id"] for notice in facts.notices.values()}
    for row in facts.journal:
        if row.type not in NOTICE_OF or row.subject not in facts.recipients:
            continue
        if facts.dossiers.get(row.subject, {}).get("backfill"):
            continue  # from the paper registers: nobody is told of the past
        if row.id not in told and not row.pending and now - row.created_at > grace:
            report.add("lost", "event-without-notice", row.subject, NOTICE_OF[row.type])
    for id, notice in facts.notices.items():
        if notice["event_id"] not in rows:
            report.add("orphan", "notice-without-event", id, notice["code"])
        if notice["state"] not in FINAL_NOTICES and now > notice["expires_at"] + grace:
            report.add("stuck", "notice-without-end", id, f"{notice['state']} since {notice['created_at']}")


def phones(facts: Facts, report: Report, now: datetime, grace: timedelta) -> None:
    """What the phone networks saw: every delivered notice once, nothing that notify did not send."""
    if facts.messages is None:
        return
    all_attempts = [(id, attempt) for id, notice in facts.notices.items() for attempt in notice["attempts"]]
    attempts = {attempt["id"]: id for id, attempt in all_attempts}
    by_reference = _by_attempt(facts.messages, [attempt for _, attempt in all_attempts])
    on_phones: Counter[str] = Counter()
    for reference, messages in by_reference.items():
        notice_id = attempts.get(reference)
        if notice_id is None:
            report.add("orphan", "message-without-notice", reference)
        if len(messages) > 1:
            report.add("duplicated", "message-repeated", reference, f"{len(messages)} messages")
        if notice_id is not None:
            on_phones[notice_id] += sum(message["delivered_at"] is not None for message in messages)
    for id, notice in facts.notices.items():
        delivered = [attempt["delivered_at"] for attempt in notice["attempts"] if attempt["delivered_at"]]
        if delivered and now - max(delivered) >= grace and not on_phones[id]:
            report.add("lost", "notice-not-on-phone", id, notice["code"])
        if on_phones[id] > 1:
            report.add("duplicated", "notice-twice-on-phone", id, f"{on_phones[id]} messages")


def _by_attempt(
    messages: Sequence[Mapping[str, Any]], attempts: Sequence[Mapping[str, Any]]
) -> dict[str, list[Mapping[str, Any]]]:
    """Messages by the attempt they belong to.

    Where a gateway takes no reference of ours its own id tells. A call without an answer leaves no id: as many messages
    of that gateway as there were such calls may be theirs.
    """
    ours = {(a.get("provider"), a["provider_id"]): a["id"] for a in attempts if a["provider_id"]}
    unanswered: dict[str, list[str]] = defaultdict(list)
    for attempt in attempts:
        if not attempt["provider_id"] and attempt.get("result", "") in NO_ANSWER:
            unanswered[attempt.get("provider", "")].append(attempt["id"])
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for message in messages:
        provider = message["provider"]
        reference = message["tracking_id"] or message["request_id"] or ours.get((provider, message["provider_id"]))
        if not reference and unanswered[provider]:
            reference = unanswered[provider].pop()
        found[reference or f"{provider}/{message['provider_id']}"].append(message)
    return found


def statistics(facts: Facts, report: Report, on_the_way: set[str]) -> None:
    """Intake and routing count one-stop and interlinked dossiers alike (received ones: a filing is not counted before
    the desk accepts it); each resolved one has its timeliness, and the counter shows the same."""
    at_counters = Counter(d["mechanism"] for c, d in facts.dossiers.items() if c in facts.cases and accepted(d))
    in_routing = Counter(case["mechanism"] for case in facts.cases.values())
    for mechanism in at_counters | in_routing:
        if at_counters[mechanism] != in_routing[mechanism]:
            detail = f"intake {at_counters[mechanism]}, routing {in_routing[mechanism]}"
            report.add("statistics", "received-differs", mechanism, detail)
    for code, case in facts.cases.items():
        if case["state"] != "resolved":
            continue
        shown = facts.dossiers.get(code, {}).get("timeliness")
        if not case["timeliness"]:
            report.add("statistics", "resolved-without-timeliness", code)
        elif shown and shown != case["timeliness"] and code not in on_the_way:
            report.add("statistics", "timeliness-differs", code, f"counter {shown}, routing {case['timeliness']}")
