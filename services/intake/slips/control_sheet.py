"""Rows of the control sheet: every hand-over of the dossier, and how each unit kept its own time limit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby

from contracts.types import Timeliness
from services.intake.domain.dossier import Dossier, TimelineEntry
from services.intake.queries.words import TIMELINESS_WORDS
from services.intake.slips import words
from services.intake.slips.letterhead import Letterhead


@dataclass(frozen=True)
class HandOverRow:
    """One hand-over between units (giao, nhận)."""

    giver: str
    receiver: str
    given_at: datetime
    taken_at: datetime | None = None
    """When the agency said that it has it."""
    result: Timeliness | None = None
    """How the giver kept its limit, as routing found once; None: its step was not finished."""
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
        return TIMELINESS_WORDS[self.result] if self.result else ""


@dataclass
class _Trace:
    """What the story has told so far."""

    desk: str
    clerk: str | None
    names: Letterhead
    rows: list[HandOverRow] = field(default_factory=list)
    of_step: dict[int | None, list[int]] = field(default_factory=dict)
    """By step: places of the rows of its latest transfer."""
    had: dict[int | None, str | None] = field(default_factory=dict)
    """By step: who had it last."""
    declined: dict[int | None, TimelineEntry] = field(default_factory=dict)
    """By step: that it was not taken, until it is with somebody else."""

    def hand(self, entry: TimelineEntry, giver: TimelineEntry | None, to: str | None, note: str) -> None:
        """`giver`: what the giving agency finished or gave back; None: the desk gives."""
        row = HandOverRow(
            giver=self.name(giver.agency if giver else None),
            receiver=self.name(to),
            given_at=entry.at,
            result=giver.timeliness if giver else None,
            note=note,
            given_by=self.clerk if giver is None and not self._left_the_desk_before(entry.at) else None,
        )
        self.rows.append(row)

    def transfer(self, entry: TimelineEntry, given: Sequence[TimelineEntry]) -> None:
        first = len(self.rows)
        declined = self.declined.pop(entry.step, None)
        for giver in given:
            self.hand(entry, giver, entry.agency, "Trả lại bước trước" if giver.kind == "sent-back" else "")
        if not given:
            note = "Đơn vị giao không nhận giải quyết, chuyển lại" if declined else ""
            self.hand(entry, declined, entry.agency, note)
        self.of_step[entry.step] = list(range(first, len(self.rows)))
        self.had[entry.step] = entry.agency

    def accept(self, entry: TimelineEntry) -> None:
        for place in self.of_step.get(entry.step, ()):
            self.rows[place] = replace(self.rows[place], taken_at=entry.at)

    def name(self, agency: str | None) -> str:
        return self.desk if agency is None else self.names.agency(agency)

    def _left_the_desk_before(self, at: datetime) -> bool:
        return bool(self.rows) and self.rows[0].given_at != at


def hand_overs(dossier: Dossier, letterhead: Letterhead) -> tuple[HandOverRow, ...]:
    """The trace that the system keeps by itself (NĐ 61/2018 Art 18).

    What an agency finishes goes, at the same moment, to the steps that begin then; else it lies at the desk until the
    steps beside it are done.
    """
    trace = _Trace(letterhead.counter(dossier.counter), dossier.clerk, letterhead)
    for _, together in groupby(_in_order(dossier.timeline), key=lambda entry: entry.at):
        moment = list(together)
        finished = [entry for entry in moment if entry.kind == "step-completed"]
        given = finished or [entry for entry in moment if entry.kind == "sent-back"]
        begun = [entry for entry in moment if entry.kind == "transferred"]
        for entry in moment:
            _take(trace, entry, given)
        for entry in given if not begun else ():
            if entry.kind == "step-completed":
                trace.hand(entry, entry, None, _why_at_the_desk(moment))
            elif entry.step != entry.to_step:
                trace.hand(entry, entry, trace.had.get(entry.to_step), "Đơn vị nhận sửa nhầm lẫn của mình")
    return tuple(trace.rows)


def _take(trace: _Trace, entry: TimelineEntry, given: Sequence[TimelineEntry]) -> None:
    match entry.kind:
        case "transferred":
            trace.transfer(entry, given)
        case "transfer-accepted":
            trace.accept(entry)
        case "transfer-declined":
            trace.declined[entry.step] = entry
        case "supplement-requested":
            trace.hand(entry, entry, None, "Yêu cầu bổ sung hồ sơ; thời hạn tính lại từ đầu khi đủ")


def _why_at_the_desk(moment: Sequence[TimelineEntry]) -> str:
    kinds = {entry.kind for entry in moment}
    if "resolved" in kinds:
        return "Có kết quả"
    return "Dừng giải quyết" if "terminated" in kinds else "Chờ các đơn vị khác"


def _in_order(timeline: Iterable[TimelineEntry]) -> list[TimelineEntry]:
    return sorted(timeline, key=lambda entry: entry.at)
