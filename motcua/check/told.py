"""The rules of notices: every event that calls for one has it, each comes to an end, and the phones show it once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from contracts.events import intake, routing
from motcua.check.facts import Facts
from motcua.check.fences import Fences
from motcua.check.findings import Report
from motcua.check.rules import is_fresh

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
FINAL_NOTICES = frozenset({"delivered", "undeliverable", "failed", "expired", "cancelled"})
NO_ANSWER = frozenset({"", "no-answer"})
"""Results of a call that may have been taken: it died with its process, or nobody answered."""


def notices(facts: Facts, report: Report, now: datetime, grace: timedelta, fences: Fences) -> None:
    """Every event that calls for a notice has one, and every notice comes to an end.

    One that notify has not come to, or that waits there with its key, is on its way.
    """
    rows = {row.id for row in facts.journal}
    parked = {key.subject for key in (*facts.parked, *facts.parked_before) if key.service == "notify"}
    told = {notice["event_id"] for notice in facts.notices.values()}
    for row in facts.journal:
        if row.type not in NOTICE_OF or row.subject not in facts.recipients:
            continue
        if facts.dossiers.get(row.subject, {}).get("backfill"):
            continue  # from the paper registers: nobody is told of the past
        late = row.pending or row.subject in parked or "notify" in fences.behind(row.topic, row.at)
        if row.id not in told and not late and not is_fresh(row, now, grace):
            report.add("lost", "event-without-notice", row.subject, NOTICE_OF[row.type])
    for id, notice in facts.notices.items():
        if notice["event_id"] not in rows:
            report.add("orphan", "notice-without-event", id, notice["code"], notice["code"])
        if notice["state"] not in FINAL_NOTICES and now > notice["expires_at"] + grace:
            detail = f"{notice['state']} since {notice['created_at']:%Y-%m-%d %H:%M} UTC"
            report.add("stuck", "notice-without-end", id, detail, notice["code"])


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
