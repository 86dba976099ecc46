"""What happened to a case, in the order in which it did: hand-overs, stops, promises, what was done by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from services.routing.domain.case import AuditEntry, Case, Transfer
from services.routing.domain.clock import TickKind


@dataclass(frozen=True)
class Happening:
    """One line of the story, as codes; words are made where it is shown."""

    at: datetime
    kind: str
    step: int | None = None
    agency: str | None = None
    what: str = ""
    """Cause of a promise, kind of a stop, outcome, or what was noted by hand."""
    due_at: datetime | None = None
    legal_basis: str | None = None


def history(case: Case, agencies: frozenset[str] | None) -> list[Happening]:
    """
    Args:
        agencies: whose inner affairs (who works on it) are told; None: all.
    """
    found = [line for transfer in case.transfers for line in _transfer(case, transfer)]
    found += _clock(case)
    found += [Happening(p.at, "promise", what=p.cause.value, due_at=p.due_at) for p in case.promises]
    found += [_by_hand(case, entry) for entry in case.audit if _is_told(case, entry, agencies)]
    if case.resolved_at is not None:
        found.append(Happening(case.resolved_at, "resolved", what=case.outcome or ""))
    if case.withdrawn_at is not None:
        found.append(Happening(case.withdrawn_at, "withdrawn"))
    return sorted(found, key=lambda line: line.at)


def _transfer(case: Case, transfer: Transfer) -> Iterator[Happening]:
    about = (transfer.step, transfer.agency)
    yield Happening(transfer.offered_at, "offered", *about)
    if transfer.accepted_at is not None:
        yield Happening(transfer.accepted_at, "accepted", *about)
    if transfer.ended_at is not None:
        step = case.step(transfer.step)
        outcome = step.outcome if step.transfer == transfer.number else None
        yield Happening(transfer.ended_at, transfer.state.value, *about, what=outcome or "")


def _clock(case: Case) -> Iterator[Happening]:
    for tick in case.clock:
        if tick.kind in {TickKind.STOPPED, TickKind.RESUMED}:
            what = tick.stop.value if tick.stop is not None else ""
            yield Happening(tick.at, tick.kind.value, what=what, legal_basis=tick.legal_basis)


def _by_hand(case: Case, entry: AuditEntry) -> Happening:
    agency = case.step(entry.step).agency if entry.step else None
    return Happening(entry.at, entry.what, entry.step, agency, entry.detail)


def _is_told(case: Case, entry: AuditEntry, agencies: frozenset[str] | None) -> bool:
    return agencies is None or entry.step is None or case.step(entry.step).agency in agencies
