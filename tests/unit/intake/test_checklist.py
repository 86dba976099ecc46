"""The checklist of required papers: what lacks, what changed, what is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.problems import Conflict, Invalid
from contracts.types import PaperState
from services.intake.domain.checklist import NEEDS_REASON, Line, check, lacking, merge, require_complete
from services.intake.domain.procedure import Paper

PAPERS = (Paper("Tờ khai", 1), Paper("Giấy chứng sinh", 1), Paper("Văn bản ủy quyền", 1, case="Nhờ người khác nộp"))
STATES = st.sampled_from(list(PaperState))
CHECKLISTS = st.dictionaries(st.integers(1, 3), STATES).map(
    lambda found: tuple(Line(n, state, "because" if state in NEEDS_REASON else None) for n, state in found.items())
)


@given(CHECKLISTS)
def test_a_paper_lacks_when_it_is_missing_or_always_required_and_not_mentioned(lines: tuple[Line, ...]) -> None:
    numbers = lacking(PAPERS, lines)
    stated = {line.paper: line.state for line in lines}
    for number, paper in enumerate(PAPERS, start=1):
        missing = stated.get(number) is PaperState.MISSING or (number not in stated and paper.case == "")
        assert (number in numbers) is missing


@given(CHECKLISTS, CHECKLISTS)
def test_merging_keeps_every_line_and_tells_every_change(before: tuple[Line, ...], brought: tuple[Line, ...]) -> None:
    after, changes = merge(before, brought)
    old = {line.paper: line.state for line in before}
    new = {line.paper: line.state for line in brought}
    assert {line.paper: line.state for line in after} == old | new
    assert {change.paper for change in changes} == {n for n, state in new.items() if old.get(n) is not state}
    assert all(change.before is old.get(change.paper) and change.after is new[change.paper] for change in changes)
    assert merge(after, brought) == (after, ())


@pytest.mark.parametrize(
    ("lines", "slug"),
    [
        ([Line(4, PaperState.ORIGINAL)], "paper-unknown"),
        ([Line(0, PaperState.ORIGINAL)], "paper-unknown"),
        ([Line(1, PaperState.ORIGINAL), Line(1, PaperState.COPY)], "paper-repeated"),
        *([[Line(1, state)], "paper-reason-missing"] for state in NEEDS_REASON),
    ],
)
def test_a_wrong_checklist_is_refused(lines: list[Line], slug: str) -> None:
    with pytest.raises(Invalid) as caught:
        check(PAPERS, lines)
    assert caught.value.slug == slug


def test_what_lacks_is_named() -> None:
    with pytest.raises(Conflict) as caught:
        require_complete(PAPERS, (Line(1, PaperState.COPY),))
    assert caught.value.slug == "checklist-incomplete"
    assert caught.value.facts == {"papers": [2], "names": ["Giấy chứng sinh"]}


def test_data_from_a_database_replaces_a_paper() -> None:
    """NQ 66.7/2025/NQ-CP Art 2.1: no paper is asked for whose data is in a usable database."""
    require_complete(PAPERS, (Line(1, PaperState.DIGITAL), Line(2, PaperState.REPLACED, "in-population-database")))
