"""A dossier's life as intake and routing tell it: which event may follow which. Two tables, and what breaks them.

The desk's part begins before the time limit does (filed, completed); it ends where the citizen has the result, a
refusal or the dossier back. Routing's part begins with `submitted`. Each side's order is its aggregate's own sequence.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from contracts.events import intake, routing
from motcua.check.facts import Facts, Row
from motcua.check.findings import Report

ONCE = (
    intake.DossierRegistered.TYPE,
    intake.DossierAnswerOverdue.TYPE,
    intake.DossierSubmitted.TYPE,
    intake.DossierRefused.TYPE,
    intake.DossierWithdrawn.TYPE,
    intake.DossierReturned.TYPE,
    intake.DossierRated.TYPE,
    routing.DossierResolved.TYPE,
)
"""At most once in a life, whatever comes between."""

Table = Mapping[str, Mapping[str, str]]
UNBORN = ""
AT_THE_DESK: Table = {
    UNBORN: {intake.DossierRegistered.TYPE: "filed", intake.DossierSubmitted.TYPE: "received"},
    "filed": {
        intake.DossierAnswerOverdue.TYPE: "filed",
        intake.DossierCompletionRequested.TYPE: "asked",
        intake.DossierSubmitted.TYPE: "received",
        intake.DossierRefused.TYPE: "refused",
        intake.DossierWithdrawn.TYPE: "taken back",
    },
    "asked": {
        intake.DossierResubmitted.TYPE: "filed",
        intake.DossierRefused.TYPE: "refused",
        intake.DossierWithdrawn.TYPE: "taken back",
    },
    "received": {
        intake.DossierSupplemented.TYPE: "received",
        intake.DossierPaid.TYPE: "received",
        intake.DossierWithdrawn.TYPE: "withdrawn",
        intake.DossierReturned.TYPE: "returned",
    },
    # A decision that came first voids the withdrawal (TT 03/2025 Art 7); that there was one, `causes` looks after.
    "withdrawn": {intake.DossierReturned.TYPE: "returned"},
    "returned": {intake.DossierRated.TYPE: "returned"},
    "refused": {},
    "taken back": {},
}
"""By phase: what intake may tell next of the dossier, and the phase after it."""
_BESIDE_A_STOP = (
    routing.DossierTransferAccepted.TYPE,
    routing.DossierTransferDeclined.TYPE,
    routing.DossierTransferred.TYPE,
    routing.AgencyTransferOpened.TYPE,
    routing.DossierStepCompleted.TYPE,
    routing.DossierStepRecalled.TYPE,
    routing.DossierDueChanged.TYPE,
    routing.DossierEscalated.TYPE,
)
"""Branches that go on while another one waits; and what the calendar and the policy bring."""
_MOVES = (
    *_BESIDE_A_STOP,
    routing.DossierSentBack.TYPE,
    routing.DossierDueSoon.TYPE,
    routing.DossierOverdue.TYPE,
    routing.DossierApologyPrepared.TYPE,
    routing.DossierExtended.TYPE,
)
_STOPS = {
    routing.DossierSupplementRequested.TYPE: "asked",
    routing.DossierPaymentRequested.TYPE: "stopped",
    routing.DossierHalted.TYPE: "stopped",
}
_RESUMED = {routing.DossierResumed.TYPE: "open"}
_RESOLVED = {routing.DossierResolved.TYPE: "resolved"}
AT_THE_AGENCIES: Table = {
    UNBORN: {routing.DossierTransferred.TYPE: "open", **_RESOLVED},
    "open": dict.fromkeys(_MOVES, "open") | _STOPS | _RESOLVED,
    "asked": dict.fromkeys(_BESIDE_A_STOP, "asked")
    | {routing.DossierTransferred.TYPE: "asked or open"}
    | _RESUMED
    | _RESOLVED,
    # When the papers came, the step is handed over anew; that of another branch looks alike.
    "asked or open": dict.fromkeys(_MOVES, "asked or open") | _STOPS | _RESUMED | _RESOLVED,
    "stopped": dict.fromkeys(_BESIDE_A_STOP, "stopped") | _RESUMED | _RESOLVED,
    "resolved": {},
}
"""The same of routing and the case."""
STATUS_IN: Mapping[str, frozenset[str]] = {
    "filed": frozenset({"registered"}),
    "asked": frozenset({"supplement"}),
    "received": frozenset({"received", "in_process", "supplement", "payment", "halted", "resolved", "terminated"}),
    "refused": frozenset({"refused"}),
    "taken back": frozenset({"withdrawn"}),
    "withdrawn": frozenset({"withdrawn", "resolved", "terminated"}),
    "returned": frozenset({"returned"}),
}
"""By the desk's phase: what the dossier may be."""
STATE_IN: Mapping[str, frozenset[str]] = {
    "open": frozenset({"open", "withdrawn"}),
    "asked": frozenset({"supplement", "withdrawn"}),
    "asked or open": frozenset({"supplement", "open", "withdrawn"}),
    "stopped": frozenset({"payment", "halted", "withdrawn"}),
    "resolved": frozenset({"resolved"}),
}
"""By routing's phase: what the case may be. It tells nothing of a withdrawal, which is intake's word."""
LONGEST_LOOK = timedelta(hours=1)
"""Filings whose time to answer is over are looked for at least this often (`ANSWER_CHECK_SECONDS`)."""


def lives(facts: Facts, report: Report, now: datetime, on_the_way: set[str]) -> None:
    """What happens once is told once, each event follows one that allows it, and states say what the events say."""
    told: dict[str, Counter[str]] = defaultdict(Counter)
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in facts.journal:
        told[row.subject][row.type] += 1
        if row.sequence is not None:
            rows[row.aggregate].append(row)
    for code, types in told.items():
        for type_ in ONCE:
            if types[type_] > 1:
                report.add("duplicated", "event-repeated", code, f"{_short(type_)} {types[type_]} times")
        if code in facts.dossiers and code not in on_the_way:
            _causes(code, types, facts.dossiers[code], report)
    desk, agencies = _of("dossiers", rows), _of("cases", rows)
    _compare(desk, AT_THE_DESK, (facts.dossiers, "status", STATUS_IN), report, on_the_way)
    _compare(agencies, AT_THE_AGENCIES, (facts.cases, "state", STATE_IN), report, on_the_way)
    _unanswered(facts, report, now)


def _of(collection: str, rows: Mapping[str, list[Row]]) -> dict[str, list[Row]]:
    """The rows of one kind of aggregate, by dossier code."""
    return {name.partition("/")[2]: told for name, told in rows.items() if name.partition("/")[0] == collection}


States = tuple[Mapping[str, Mapping[str, Any]], str, Mapping[str, frozenset[str]]]


def _compare(told: Mapping[str, list[Row]], table: Table, states: States, report: Report, on_the_way: set[str]) -> None:
    stored, field, fits = states
    for code, rows in told.items():
        phase = _walk(code, rows, table, report)
        if phase is None or code not in stored or code in on_the_way:
            continue
        if stored[code][field] not in fits[phase]:
            report.add("lost", "state-differs", code, f"{field} {stored[code][field]}, but told as {phase}")
    for code in stored.keys() - told.keys() - on_the_way:
        report.add("lost", "state-without-events", code, f"{field} {stored[code][field]}")


def _walk(code: str, rows: Sequence[Row], table: Table, report: Report) -> str | None:
    """Follow the events of one aggregate. Returns: the phase they lead to; None when that cannot be said."""
    ordered = sorted(rows, key=lambda row: row.sequence or 0)
    if [row.sequence for row in ordered] != list(range(1, len(ordered) + 1)):
        return None  # `journals` reports the gap; what stood in it nobody knows
    phase, seen = UNBORN, set[str]()
    for row in ordered:
        if row.type in seen and row.type in ONCE:
            continue  # reported as repeated
        seen.add(row.type)
        after = table[phase].get(row.type)
        if after is None:
            detail = f"{_short(row.type)} of one that is {phase or 'not begun'}"
            report.add("out_of_order", "event-not-allowed", code, detail)
            return None
        phase = after
    return phase


def _causes(code: str, told: Counter[str], dossier: Mapping[str, Any], report: Report) -> None:
    """What one service tells has its cause in what another told, or in what was said at registration."""
    if told[intake.DossierReturned.TYPE] and not told[routing.DossierResolved.TYPE]:
        report.add("orphan", "event-without-cause", code, "returned without a result")
    if told[intake.DossierSupplemented.TYPE] > told[routing.DossierSupplementRequested.TYPE]:
        report.add("orphan", "event-without-cause", code, "supplemented more often than asked")
    if told[intake.DossierPaid.TYPE] > told[routing.DossierPaymentRequested.TYPE]:
        report.add("orphan", "event-without-cause", code, "paid more often than asked")
    if told[intake.DossierRated.TYPE] and not told[intake.DossierReturned.TYPE]:
        report.add("orphan", "event-without-cause", code, "rated without a hand-over")
    handed_on = told[routing.DossierTransferred.TYPE]
    if dossier.get("on_the_spot") and handed_on:
        report.add("orphan", "event-without-cause", code, "handed to an agency though solved on the spot")
    at_once = dossier.get("on_the_spot") or dossier.get("backfill")
    if told[routing.DossierResolved.TYPE] and not handed_on and not at_once:
        report.add("orphan", "event-without-cause", code, "resolved though no agency had it")


def _unanswered(facts: Facts, report: Report, now: datetime) -> None:
    """A filing past its answer date is flagged (NQ 66.7/2025 Art 8): else nobody knows that a citizen waits."""
    for code, dossier in facts.dossiers.items():
        due = dossier.get("answer_due_at")
        waits = dossier["status"] == "registered" and not dossier.get("overdue_told")
        if waits and due is not None and now - due > LONGEST_LOOK:
            report.add("stuck", "answer-not-flagged", code, f"to be answered by {due:%Y-%m-%d %H:%M} UTC")


def _short(type_: str) -> str:
    return type_.removeprefix("vn.motcua.dossier.").removesuffix(".v1")
