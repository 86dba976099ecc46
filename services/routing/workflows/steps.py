"""From what is written to a workflow: steps in an order that works, or everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from services.routing.domain.workflow import Guard, WorkflowStep
from services.routing.workflows.entries import Cell, Draft, Entry, RawStep, RawWorkflow, RefusedRow
from services.routing.workflows.graph import order
from services.routing.workflows.shares import Kind, Share
from services.routing.workflows.text import meant, quoted
from services.routing.workflows.values import Values
from services.routing.workflows.ways import check_ends, check_fractions

MOST_STEPS = 50
MOST_GUARDED = 20


@dataclass(frozen=True)
class _Read:
    """A step whose own values were read."""

    raw: RawStep
    id: str
    """As others refer to it: as stated, else its number in the file."""
    step: WorkflowStep
    share: Share | None


def read_entry(raw: RawWorkflow, refused: list[RefusedRow]) -> Entry:
    """One workflow; what is wrong with it is added to `refused`."""
    values = Values()
    values.procedure = code = values.procedure_code(raw.one.get("procedure"), raw.line)
    stated = raw.one.get("version")
    version = values.version(stated)
    draft = _draft(raw, values)
    refused += values.refused
    return Entry(
        line=raw.line,
        code=code,
        version=version,
        version_line=stated.line if stated else raw.line,
        agencies=tuple(step.one["agency"] for step in raw.steps if "agency" in step.one),
        units=tuple(cell for step in raw.steps for cell in step.many.get("units", ())),
        draft=draft,
    )


def _draft(raw: RawWorkflow, values: Values) -> Draft | None:
    if not raw.steps:
        values.refuse(RefusedRow(raw.line, "workflow-without-steps", f"Dòng {raw.line}: quy trình không có bước nào."))
        return None
    if len(raw.steps) > MOST_STEPS:
        words = f"Dòng {raw.line}: quy trình có hơn {MOST_STEPS} bước."
        values.refuse(RefusedRow(raw.line, "workflow-too-large", words))
        return None
    read = [_step(step, number, values) for number, step in enumerate(raw.steps, start=1)]
    _check_kinds(read, values)
    numbers = _numbers(read, values)
    follows = {number: _follows(step, number, numbers, values) for number, step in enumerate(read, start=1)}
    ordered = _ordered(read, follows, values)
    _check_joins(ordered, values)
    _check_guards(raw, values)
    if values.refused:
        return None
    in_hours = any(one.share is not None and one.share.kind is Kind.HOURS for one in read)
    draft = Draft(tuple(one.step for one in ordered), in_hours)
    checks = [check_ends] if in_hours else [check_ends, check_fractions]
    for row in filter(None, (check(draft, raw.line) for check in checks)):
        values.refuse(row)
    return None if values.refused else draft


def _step(raw: RawStep, number: int, values: Values) -> _Read:
    agency, share = values.required(raw, "agency"), values.share(values.required(raw, "share"))
    id = values.id(raw.one.get("id"))
    step = WorkflowStep(
        agency_name=agency.text if agency else "",
        share=share.value if share else 0.0,
        name=values.text(raw, "name"),
        role=values.text(raw, "role"),
        guard=values.guard(raw),
        accept_hours=values.accept_hours(raw.one.get("accept_hours")),
        id=id,
    )
    return _Read(raw, id or str(number), step, share)


def _check_kinds(read: Sequence[_Read], values: Values) -> None:
    """Fractions or durations, not both."""
    stated = [one for one in read if one.share is not None and one.share.kind is not Kind.NONE]
    for one in stated:
        if one.share is not None and stated[0].share is not None and one.share.kind is not stated[0].share.kind:
            line = one.raw.one["share"].line
            words = (
                f"Dòng {line}: share ghi theo cách khác với bước {quoted(stated[0].id)}; trong một quy trình chỉ ghi "
                "tỷ lệ, hoặc chỉ ghi giờ và ngày."
            )
            values.refuse(RefusedRow(line, "workflow-shares-mixed", words))
            return


def _numbers(read: Sequence[_Read], values: Values) -> Mapping[str, int]:
    """By id: number in the file."""
    numbers: dict[str, int] = {}
    for number, one in enumerate(read, start=1):
        if one.id in numbers:
            line = one.raw.one["id"].line if "id" in one.raw.one else one.raw.line
            first = read[numbers[one.id] - 1].raw.line
            words = f"Dòng {line}: bước {quoted(one.id)} đã có ở dòng {first}."
            values.refuse(RefusedRow(line, "workflow-step-repeated", words))
        else:
            numbers[one.id] = number
    return numbers


def _follows(one: _Read, number: int, numbers: Mapping[str, int], values: Values) -> tuple[int, ...]:
    """Numbers in the file of the steps it comes after; not stated: the one before it."""
    if "after" not in one.raw.many:
        return (number - 1,) if number > 1 else ()
    found: dict[int, Cell] = {}
    for cell in one.raw.many["after"]:
        other = numbers.get(cell.text)
        if other is None:
            words = f"Dòng {cell.line}: không có bước {quoted(cell.text)} để đi sau.{meant(cell.text, numbers)}"
            values.refuse(RefusedRow(cell.line, "workflow-after-unknown", words))
        elif other in found:
            words = f"Dòng {cell.line}: bước {quoted(cell.text)} được nêu hai lần trong after."
            values.refuse(RefusedRow(cell.line, "workflow-after-repeated", words))
        else:
            found[other] = cell
    return tuple(found)


def _ordered(read: Sequence[_Read], follows: Mapping[int, Sequence[int]], values: Values) -> list[_Read]:
    """The steps, each after those it follows, with their joins."""
    found = order(follows)
    ids = {number: one.id for number, one in enumerate(read, start=1)}
    for circle in found.circles:
        line = read[circle[0] - 1].raw.line
        way = " → ".join(ids[number] for number in (*circle, circle[0]))
        words = f"Dòng {line}: các bước đi thành vòng: {way}."
        values.refuse(RefusedRow(line, "workflow-cycle", words))
    for number in found.unreachable:
        line = read[number - 1].raw.line
        words = f"Dòng {line}: bước {quoted(ids[number])} không bao giờ bắt đầu, vì đứng sau một vòng."
        values.refuse(RefusedRow(line, "workflow-step-unreachable", words))
    # An unknown step has been refused; what a join needs of it is judged all the same.
    needs = {
        number: values.needs(one.raw.one.get("join"), len(one.raw.many.get("after", follows[number])))
        for number, one in enumerate(read, start=1)
    }
    new = {number: place for place, number in enumerate(found.steps, start=1)}
    as_written = found.steps == tuple(ids)
    ordered: list[_Read] = []
    for number in found.steps:
        after = tuple(sorted(new[other] for other in follows[number]))
        one = read[number - 1]
        id = one.step.id if as_written else one.id  # a number in the file is not its number any more
        ordered.append(replace(one, step=replace(one.step, after=after, needs=needs[number], id=id)))
    return ordered


def _check_joins(ordered: Sequence[_Read], values: Values) -> None:
    """Where any branch or a quorum is enough, every branch must be one: none may lie on the way to another, and no
    join may be left out by a guard."""
    earlier: list[set[int]] = []
    for one in ordered:
        after = one.step.after
        earlier.append({*after}.union(*(earlier[before - 1] for before in after)))
        passed = [before for before in after if any(before in earlier[other - 1] for other in after)]
        if one.step.needs and passed:
            near = ordered[passed[0] - 1].id
            words = (
                f"Dòng {one.raw.line}: bước {quoted(one.id)} gộp theo join nhưng nhánh {quoted(near)} nằm trước một "
                "nhánh khác của nó; hãy bỏ nhánh đó khỏi after."
            )
            values.refuse(RefusedRow(one.raw.line, "workflow-join-nested", words))
    partial = any(one.step.needs for one in ordered)
    for one in ordered:
        if partial and len(one.step.after) > 1 and one.step.guard != Guard():
            words = (
                f"Dòng {one.raw.line}: bước gộp {quoted(one.id)} không được có điều kiện khi quy trình có join là any "
                "hay một số; hãy đặt điều kiện ở bước sau nó."
            )
            values.refuse(RefusedRow(one.raw.line, "workflow-join-guarded", words))


def _check_guards(raw: RawWorkflow, values: Values) -> None:
    """Every combination of them is looked at."""
    for key in ("units", "cases"):
        cells = [cell for step in raw.steps for cell in step.many.get(key, ())]
        if len({cell.text for cell in cells}) > MOST_GUARDED:
            line = cells[0].line
            words = f"Dòng {line}: các điều kiện {key} của quy trình nêu hơn {MOST_GUARDED} giá trị khác nhau."
            values.refuse(RefusedRow(line, "workflow-too-large", words))
