"""The sample catalogue as the system reads it: nothing refused or doubtful, and each procedure asks for its papers."""

from __future__ import annotations

import pytest

from contracts.types import PaperState
from local.samples.load import handed_in, handed_in_by_code, read_samples
from services.intake.catalogue import CatalogueFile
from services.intake.domain.checklist import Line, check, require_complete


@pytest.fixture(scope="module")
def catalogue() -> CatalogueFile:
    return read_samples().catalogue()


def test_every_row_of_the_samples_is_taken_whole(catalogue: CatalogueFile) -> None:
    assert (catalogue.refused, catalogue.doubtful, catalogue.without_limit) == ([], [], 0)
    assert len(catalogue.procedures) == len(catalogue.entries) == 68


def test_each_procedure_asks_for_two_to_five_papers_one_of_them_a_form(catalogue: CatalogueFile) -> None:
    for procedure in catalogue.procedures:
        assert 2 <= len(procedure.papers) <= 5, procedure.code
        assert any(paper.form for paper in procedure.papers), procedure.code
        assert any(paper.always for paper in procedure.papers), procedure.code
        assert all(paper.originals or paper.copies for paper in procedure.papers), procedure.code


def test_some_papers_are_for_one_case_some_limits_are_reduced_and_some_need_no_second_visit(
    catalogue: CatalogueFile,
) -> None:
    procedures = catalogue.procedures
    assert sum(any(paper.case for paper in procedure.papers) for procedure in procedures) >= 10
    assert sum(procedure.statutory_limit_value is not None for procedure in procedures) == 4
    assert sum(procedure.may_be_solved_on_the_spot for procedure in procedures) >= 12


def test_what_the_demonstration_hands_in_is_complete_and_no_paper_of_a_case_that_is_not_his(
    catalogue: CatalogueFile,
) -> None:
    for procedure in catalogue.procedures:
        stated = handed_in(procedure)
        assert stated == handed_in_by_code(procedure.code)
        lines = check(procedure.papers, (Line(line["paper"], PaperState(line["state"])) for line in stated))
        require_complete(procedure.papers, lines)
        assert all(procedure.papers[line.paper - 1].always for line in lines)
    assert handed_in_by_code("9.999999") == []
