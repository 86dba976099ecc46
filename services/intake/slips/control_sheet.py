"""Rows of the control sheet: every hand-over of the dossier, and how each unit kept its own time limit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from services.intake.domain.dossier import Dossier, TimelineEntry
from services.intake.slips import words
from services.intake.slips.letterhead import Letterhead
from services.kit import worktime


@dataclass(frozen=True)
class HandOverRow:
    """One hand-over between units (giao, nhận)."""

    giver: str
    receiver: str
    given_at: datetime
    taken_at: datetime | None = None
    """When the agency said that it has it."""
    result: worktime.Outcome | None = None
    """How the giver kept its limit, entered by the receiver; None: its step was not finished, or had no limit."""
    note: str = ""
    given_by: str | None = None

    @property
    def units(self) -> tuple[str, ...]:
        return f"1. Giao: {self.giver}", f"2. Nhận: {self.receiver}"

    @property
    def at(self) -> tuple[str, ...]:
        given = f"1. {words.short_moment(self.given_at)}"
        return (given,) if self.taken_at is None else (given, f"2. {words.short_moment(self.taken_at)}")

    @property
    def people(self) -> tuple[str, ...]:
        """Whoever is not known signs by hand."""
        return f"1. {self.given_by or '……'}", "2. ……"

    @property
    def result_text(self) -> str:
        return self.result.label_vi if self.result else ""


@dataclass
class _Trace:
    """Where the dossier is while its story is read."""

    desk: str
    clerk: str | None
    names: Letterhead
    rows: list[HandOverRow]
    holder: str | None = None
    """Agency; None: the desk."""
    step: TimelineEntry | None = None
    """The step that is running."""
    put_off_to: datetime | None = None
    """The citizen's new date, when the running step is being extended: the limit of the last step moves with it."""

    def hand(self, entry: TimelineEntry, to: str | None, result: worktime.Outcome | None, note: str) -> None:
        row = HandOverRow(
            giver=self._name(self.holder),
            receiver=self._name(to),
            given_at=entry.at,
            result=result,
            note=note,
            given_by=None if self.rows else self.clerk,
        )
        self.rows.append(row)
        self.holder = to

    def begin(self, step: TimelineEntry) -> None:
        self.step, self.put_off_to = step, None

    def kept(self, at: datetime, *, last: bool) -> worktime.Outcome | None:
        """How the running step kept its limit."""
        due_at = self.step.step_due_at if self.step is not None else None
        due_at = (self.put_off_to if last else None) or due_at
        return None if due_at is None else worktime.outcome(at, due_at)

    def _name(self, agency: str | None) -> str:
        return self.desk if agency is None else self.names.agency(agency)


def hand_overs(dossier: Dossier, letterhead: Letterhead) -> tuple[HandOverRow, ...]:
    """The trace that the system keeps by itself (NĐ 61/2018 Art 18); steps are judged by date, like dossiers."""
    trace = _Trace(letterhead.counter(dossier.counter), dossier.clerk, letterhead, [])
    declined = ""
    for entry in _in_order(dossier.timeline):
        if entry.kind == "transferred":
            moves_on = trace.step is not None and trace.step.step != entry.step
            trace.hand(entry, entry.agency, trace.kept(entry.at, last=False) if moves_on else None, declined)
            trace.begin(entry)
            declined = ""
        elif entry.kind == "transfer-accepted" and trace.rows:
            trace.rows[-1] = replace(trace.rows[-1], taken_at=entry.at)
        elif entry.kind == "transfer-declined":
            declined = "Đơn vị giao không nhận giải quyết, chuyển lại"
        elif entry.kind == "extended":
            trace.put_off_to = entry.due_at
        elif entry.kind == "supplement-requested" and trace.holder is not None:
            trace.hand(entry, None, None, "Yêu cầu bổ sung hồ sơ; thời hạn tính lại từ đầu khi đủ")
        elif entry.kind == "resolved" and trace.holder is not None:
            trace.hand(entry, None, trace.kept(entry.at, last=True), "Có kết quả")
    return tuple(trace.rows)


def _in_order(timeline: Iterable[TimelineEntry]) -> list[TimelineEntry]:
    return sorted(timeline, key=lambda entry: entry.at)
