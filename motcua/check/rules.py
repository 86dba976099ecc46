"""The checker's rules about journals, dossiers, cases and numbers: pure comparisons of facts. Each names what it finds
by a stable word."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from motcua.check.facts import Facts, Row
from motcua.check.fences import Fences
from motcua.check.findings import Report
from motcua.check.log import concern
from services.intake.domain.numbering import parts

TELLING = frozenset({"intake", "routing"})
"""Who have each other's story of a dossier."""
STOPS = frozenset({"supplement", "payment", "halted"})
"""Where the clock stands still: the dossier and its case name it by the same word."""


def journals(facts: Facts, report: Report, now: datetime, grace: timedelta, fences: Fences) -> None:
    """Sequences of each aggregate are 1..n; nothing waits too long."""
    by_aggregate: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in facts.journal:
        if row.sequence is not None:
            by_aggregate[row.service, row.aggregate].append(row)
        if row.pending and now - row.created_at > grace:
            detail = f"{row.type} of {row.subject} waits in {row.service}"
            report.add("stuck", "event-not-sent", row.id, detail, concern(row))
    for (service, aggregate), rows in by_aggregate.items():
        sequences = sorted(row.sequence or 0 for row in rows)
        if sequences == list(range(1, len(sequences) + 1)):
            continue
        if len(set(sequences)) < len(sequences):
            report.add("duplicated", "sequence-broken", aggregate, f"{service}: {sequences[:20]}", rows[0].subject)
        elif not any(is_fresh(row, now, grace) or fences.behind_all(row.topic, row.at) for row in rows):
            # While they are written, a later one may be read and one before it, committed a moment ago, not.
            report.add("lost", "sequence-broken", aggregate, f"{service}: {sequences[:20]}", rows[0].subject)
    for parked in facts.parked:
        if parked.since is None or now - parked.since >= grace:
            report.add("stuck", "key-parked", parked.key, f"in {parked.service}: {parked.slug}", parked.subject)


def unreadable(facts: Facts, report: Report) -> None:
    """A document that nobody can read is lost, and what it is about is compared no further."""
    for place, (about, what) in facts.unreadable.items():
        report.add("lost", "document-unreadable", place, what, about)


def dossiers_and_cases(facts: Facts, report: Report, on_the_way: set[str]) -> None:
    """Every received dossier has its case, every case its dossier, and they tell the same story.

    A filing has none: routing hears of a dossier when the desk accepts it. What still waits in an outbox, in the log or
    behind a parked key is not lost; `journals` reports outbox and key when it waits too long there.
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
    elif status != state and STOPS & {status, state}:
        report.add("lost", "stop-not-everywhere", code, f"dossier is {status}, case is {state}")


def on_their_way(facts: Facts, now: datetime, grace: timedelta) -> set[str]:
    """Dossiers of which some news waits or is so fresh that it need not be applied everywhere; and those of which
    something cannot be read."""
    waiting = {row.subject for row in facts.journal if row.pending or is_fresh(row, now, grace)}
    parked = {key.subject for key in (*facts.parked, *facts.parked_before)}
    return waiting | parked | {about for about, _ in facts.unreadable.values()}


def is_fresh(row: Row, now: datetime, grace: timedelta) -> bool:
    """Written, or sent, a moment ago."""
    return now - max(row.created_at, row.sent_at or row.created_at) < grace


def unread(facts: Facts, fences: Fences) -> set[str]:
    """Dossiers of which some news lies in the log, and intake or routing has not come to it."""
    found = set()
    for row in facts.journal:
        if any(group != row.service and group in TELLING for group in fences.behind(row.topic, row.at)):
            found.add(row.subject)
    return found


def numbering(facts: Facts, report: Report, on_the_way: set[str]) -> None:
    """Every number that was given out, or taken with a code from elsewhere, has its dossier, and no dossier another."""
    series: dict[str, set[int]] = defaultdict(set, {unit: set(known) for unit, known in facts.numbered.items()})
    for code in facts.dossiers:
        unit, number = parts(code)
        series[unit].add(number)
    for unit, noted in facts.numbers.items():
        if unit not in on_the_way and (missing := sorted(given(noted) - series[unit])):
            report.add("lost", "number-missing", unit, f"{missing[:20]}")
    for code in facts.dossiers.keys() - on_the_way:
        unit, number = parts(code)
        noted = facts.numbers.get(unit, {"last": 0})
        if unit not in on_the_way and number > noted["last"] and number not in (noted.get("taken") or ()):
            report.add("orphan", "number-not-given", code, "the series would give it out again")


def given(noted: Mapping[str, Any]) -> set[int]:
    """The numbers of a series that were given out, or taken."""
    return {*range(1, noted["last"] + 1), *(noted.get("taken") or ())}


def statistics(facts: Facts, report: Report, on_the_way: set[str]) -> None:
    """Intake and routing count one-stop and interlinked dossiers alike (received ones: a filing is not counted before
    the desk accepts it); each resolved one has its timeliness, and the counter shows the same."""
    for code, case in facts.cases.items():
        dossier = facts.dossiers.get(code)
        if code not in on_the_way:
            counted = dossier["mechanism"] if dossier is not None and accepted(dossier) else "nothing"
            if counted != case["mechanism"]:
                detail = f"intake counts {counted}, routing {case['mechanism']}"
                report.add("statistics", "received-differs", code, detail)
        if case["state"] != "resolved":
            continue
        shown = None if dossier is None else dossier.get("timeliness")
        if not case["timeliness"]:
            report.add("statistics", "resolved-without-timeliness", code)
        elif shown and shown != case["timeliness"] and code not in on_the_way:
            report.add("statistics", "timeliness-differs", code, f"counter {shown}, routing {case['timeliness']}")
