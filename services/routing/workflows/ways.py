"""The ways of a dossier through a workflow: which steps take part, how long the longest way is, where it ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from contracts.types import Channel
from services.routing.domain.workflow import Arrival, StatedLimit, Workflow, WorkflowStep, plain_case, taking_part
from services.routing.workflows.entries import Draft, RefusedRow, ids_of
from services.routing.workflows.shares import hours_of, limit_for, limit_vi
from services.routing.workflows.text import number_vi, quoted

TOLERANCE = Fraction(1, 1000)
"""Of the whole: three thirds of 33.33% are meant to be all of it."""
ELSEWHERE = ""
"""A desk that no guard names."""


@dataclass(frozen=True)
class Way:
    """What takes part when a dossier comes in like this."""

    arrival: Arrival
    steps: tuple[WorkflowStep, ...]
    said: str
    """How it comes in, in words; empty where nothing tells dossiers apart."""

    @property
    def ends(self) -> list[str]:
        """Ids of the steps that nothing follows."""
        followed = {number for step in self.steps for number in step.after}
        return [id for number, id in enumerate(ids_of(self.steps), 1) if number not in followed]

    @property
    def longest(self) -> tuple[Fraction, list[str]]:
        """The shares along the longest way, and the ids of its steps."""
        found: list[tuple[Fraction, list[str]]] = []
        for id, step in zip(ids_of(self.steps), self.steps, strict=True):
            before = (found[number - 1] for number in step.after)
            begun, way = max(before, key=lambda one: one[0], default=(Fraction(0), []))
            found.append((begun + Fraction(str(step.share)), [*way, id]))
        return max(found, key=lambda one: one[0], default=(Fraction(0), []))


def ways(steps: Sequence[WorkflowStep], limits: Sequence[StatedLimit] = ()) -> Iterator[Way]:
    """One for each kind of arrival that the guards or the published limits tell apart."""
    # Numbers change where steps are left out; ids stay.
    steps = [replace(step, id=id) for step, id in zip(steps, ids_of(steps), strict=True)]
    guards = [step.guard for step in steps]
    units = dict.fromkeys(unit for guard in guards for unit in guard.units)
    named = [*(case for guard in guards for case in guard.cases), *(limit.case for limit in limits if limit.case)]
    cases = {plain_case(case): case for case in reversed(named)}
    by_channel = any(guard.channels for guard in guards) or any(limit.channel for limit in limits)
    seen: set[tuple[object, ...]] = set()
    for case in (None, *cases.values()):
        for channel in list(Channel) if by_channel else [Channel.COUNTER]:
            limit = limit_for(limits, channel, case)
            for unit in (ELSEWHERE, *units):
                part = tuple(taking_part(steps, Arrival(unit, channel.value, case)))
                same = (tuple(step.id for step in part), limit)
                if same in seen:
                    continue
                seen.add(same)
                said = [
                    *([f"kênh {channel.value}"] if by_channel else []),
                    *([f"đơn vị {unit or 'khác'}"] if units else []),
                    *([f"trường hợp {quoted(case)}" if case else "không nêu trường hợp"] if cases else []),
                ]
                yield Way(Arrival(unit, channel.value, case), part, f" ({', '.join(said)})" if said else "")


def whole(workflow: Workflow) -> Fraction:
    """What the shares are parts of: the longest way there is."""
    return max((way.longest[0] for way in ways(workflow.steps)), default=Fraction(0))


def check_ends(draft: Draft, line: int) -> RefusedRow | None:
    """Every dossier has a first step, and one last step, whose result is the dossier's."""
    for way in ways(draft.steps):
        if not way.steps:
            words = f"Dòng {line}: không bước nào áp dụng cho hồ sơ đến như sau{way.said}: điều kiện loại hết."
            return RefusedRow(line, "workflow-arrival-unserved", words)
        if len(way.ends) > 1:
            ends = ", ".join(way.ends)
            words = (
                f"Dòng {line}: hồ sơ{way.said} kết thúc ở nhiều bước: {ends}. Hãy thêm một bước cuối "
                f"đi sau tất cả (after: [{ends}])."
            )
            return RefusedRow(line, "workflow-ends-many", words)
    return None


def check_fractions(draft: Draft, line: int) -> RefusedRow | None:
    """Fractions add up to 1 along the longest way, and nowhere to more."""
    found = [(way, *way.longest) for way in ways(draft.steps)]
    way, length, ids = max(found, key=lambda one: one[1])
    if abs(length - 1) <= TOLERANCE:
        return None
    words = (
        f"Dòng {line}: tỷ lệ của các bước cộng lại {number_vi(length)}, phải là 1{way.said} (đường dài nhất: "
        f"{' → '.join(ids)})."
    )
    return RefusedRow(line, "workflow-shares-wrong", words)


def check_hours(draft: Draft, limits: tuple[StatedLimit, ...], line: int) -> RefusedRow | None:
    """Hours add up to the published limit of each channel and case, 1 day being 8 hours: the agencies share one date
    (NĐ 61/2018 Art 19.6). Where a guard leaves steps out, less is enough: the others have more."""
    longest: dict[StatedLimit, tuple[Fraction, list[str], Way]] = {}
    for way in ways(draft.steps, limits):
        limit = limit_for(limits, way.arrival.channel, way.arrival.case)
        if limit is None or hours_of(limit) is None:
            stated = f"tính bằng tháng ({limit_vi(limit)})" if limit else "chưa có trong danh mục"
            words = f"Dòng {line}: thời hạn của thủ tục {stated} nên không so với giờ được; hãy ghi tỷ lệ, ví dụ 25%."
            return RefusedRow(line, "workflow-limit-unmeasured", words)
        length, ids = way.longest
        if limit not in longest or length > longest[limit][0]:
            longest[limit] = (length, ids, way)
    for limit, (length, ids, way) in longest.items():
        hours = hours_of(limit)
        if hours is not None and abs(length - hours) > hours * TOLERANCE:
            words = (
                f"Dòng {line}: thời gian của các bước cộng lại {number_vi(length)} giờ, thời hạn đã công bố là "
                f"{limit_vi(limit)} = {number_vi(hours)} giờ{way.said} (đường dài nhất: "
                f"{' → '.join(ids)})."
            )
            return RefusedRow(line, "workflow-shares-wrong", words)
    return None
