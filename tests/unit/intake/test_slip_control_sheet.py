"""The control sheet: a row for each hand-over, with how each step kept its own limit."""

from __future__ import annotations

from contracts.events import routing
from contracts.types import Timeliness
from services.intake.domain.dossier import Dossier
from services.intake.domain.slip import Form
from services.intake.slips.control_sheet import hand_overs
from services.intake.slips.page import page
from tests.unit.intake.dossier_fixtures import AT
from tests.unit.intake.slip_samples import (
    DAY,
    DESK_NAME,
    FIRST,
    HOUR,
    LETTERHEAD,
    PRINTER,
    SECOND,
    accepted,
    completed,
    resolved,
    terminated,
    told,
    transferred,
    values,
)

EARLY, LATE = Timeliness.EARLY, Timeliness.LATE
ECONOMY, JUSTICE = "Phòng Kinh tế", "Phòng Tư pháp"


def shown(of: Dossier) -> list[tuple[str, str, Timeliness | None]]:
    return [(row.giver, row.receiver, row.result) for row in hand_overs(of, LETTERHEAD)]


def test_the_control_sheet_has_a_row_for_each_hand_over_and_judges_each_step() -> None:
    """NĐ 61/2018 Art 18, forms 05/06: who, when, and the result of that step entered by the receiver."""
    of = transferred(accepted(), 1, FIRST, 1, AT + DAY)
    of = told(of, routing.DossierTransferAccepted, 2, step=1, agency=FIRST)
    of = transferred(completed(of, 49, FIRST, 1, "late"), 49, SECOND, 2, AT + 4 * DAY)
    of = resolved(completed(of, 73, SECOND, 2), 73, SECOND)
    rows = hand_overs(of, LETTERHEAD)
    assert [(row.giver, row.receiver, row.result, row.given_by) for row in rows] == [
        (DESK_NAME, ECONOMY, None, "Nguyễn Văn A"),
        (ECONOMY, JUSTICE, LATE, None),
        (JUSTICE, DESK_NAME, EARLY, None),
    ]
    assert [row.taken_at for row in rows] == [AT + 2 * HOUR, None, None]
    assert rows[-1].note == "Có kết quả"
    on_paper = values(PRINTER.printed(Form.CONTROL_SHEET, of))
    assert (on_paper["agency"], on_paper["supporting"]) == (ECONOMY, JUSTICE)
    text = page(PRINTER.printed(Form.CONTROL_SHEET, of))
    for words in ("1. Giao: Phòng Kinh tế", "2. Nhận: Phòng Tư pháp", "quá hạn", "trước hạn", "10:00 23/11/2026"):
        assert words in text, words


def test_branches_beside_each_other_each_have_their_own_rows() -> None:
    """NĐ 61/2018 Art 19.6: sent to all agencies at once; who is done first waits for the others."""
    of = transferred(transferred(accepted(), 1, FIRST, 1), 1, SECOND, 2)
    of = told(of, routing.DossierTransferAccepted, 2, step=2, agency=SECOND)
    of = completed(of, 10, SECOND, 2)
    of = transferred(completed(of, 20, FIRST, 1, "late"), 20, "H12.970.09", 3)
    of = resolved(completed(of, 30, "H12.970.09", 3), 30, "H12.970.09")
    assert shown(of) == [
        (DESK_NAME, ECONOMY, None),
        (DESK_NAME, JUSTICE, None),
        (JUSTICE, DESK_NAME, EARLY),
        (ECONOMY, "Cơ quan H12.970.09", LATE),
        ("Cơ quan H12.970.09", DESK_NAME, EARLY),
    ]
    rows = hand_overs(of, LETTERHEAD)
    assert [row.taken_at for row in rows[:2]] == [None, AT + 2 * HOUR]
    assert [row.given_by for row in rows[:3]] == ["Nguyễn Văn A", "Nguyễn Văn A", None]
    assert rows[2].note == "Chờ các đơn vị khác"


def test_one_step_that_two_follow_is_handed_to_both() -> None:
    of = completed(transferred(accepted(), 1, FIRST, 1), 9, FIRST, 1)
    of = transferred(transferred(of, 9, SECOND, 2), 9, "H12.970.09", 3)
    assert shown(of)[1:] == [(ECONOMY, JUSTICE, EARLY), (ECONOMY, "Cơ quan H12.970.09", EARLY)]


def test_a_step_that_goes_back_says_so_and_is_not_judged() -> None:
    of = completed(transferred(accepted(), 1, FIRST, 1), 9, FIRST, 1)
    of = transferred(of, 9, SECOND, 2)
    of = told(of, routing.DossierSentBack, 12, step=2, agency=SECOND, to_step=1, reason="wrong-information")
    of = transferred(of, 12, FIRST, 1)
    assert shown(of)[-1] == (JUSTICE, ECONOMY, None)
    assert hand_overs(of, LETTERHEAD)[-1].note == "Trả lại bước trước"


def test_who_takes_back_what_was_completed_by_mistake_has_it_again() -> None:
    of = completed(transferred(accepted(), 1, FIRST, 1), 9, FIRST, 1)
    of = transferred(of, 9, SECOND, 2)
    of = told(of, routing.DossierSentBack, 10, step=2, agency=SECOND, to_step=1, reason="completed-by-mistake")
    of = transferred(completed(of, 12, FIRST, 1, "late"), 12, SECOND, 2)
    assert shown(of)[1:] == [(ECONOMY, JUSTICE, EARLY), (JUSTICE, ECONOMY, None), (ECONOMY, JUSTICE, LATE)]
    assert "nhầm lẫn" in hand_overs(of, LETTERHEAD)[2].note


def test_a_last_step_that_is_reopened_was_handed_to_nobody_in_between() -> None:
    of = completed(transferred(accepted(), 1, FIRST, 1), 9, FIRST, 1)
    before = shown(of)
    of = told(of, routing.DossierSentBack, 10, step=1, agency=FIRST, to_step=1, reason="completed-by-mistake")
    assert shown(of) == before


def test_a_termination_brings_the_dossier_back_to_the_desk_without_a_result() -> None:
    of = completed(transferred(accepted(), 1, FIRST, 1), 9, FIRST, 1)
    assert hand_overs(terminated(of, 9, FIRST), LETTERHEAD)[-1].note == "Dừng giải quyết"


def test_a_supplement_goes_back_to_the_desk_and_the_step_is_not_judged_then() -> None:
    of = transferred(accepted(), 1, FIRST, 1, AT + DAY)
    of = told(of, routing.DossierSupplementRequested, 3, step=1, agency=FIRST, reason="missing-papers", items=("Ảnh",))
    of = completed(transferred(of, 100, FIRST, 1, AT + 8 * DAY), 120, FIRST, 1)
    assert shown(resolved(of, 120, FIRST)) == [
        (DESK_NAME, ECONOMY, None),
        (ECONOMY, DESK_NAME, None),
        (DESK_NAME, ECONOMY, None),
        (ECONOMY, DESK_NAME, EARLY),
    ]


def test_who_declines_hands_on_without_a_result() -> None:
    of = transferred(accepted(), 1, FIRST, 1, AT + DAY)
    of = told(of, routing.DossierTransferDeclined, 2, step=1, agency=FIRST, reason="not-ours")
    rows = hand_overs(transferred(of, 2.5, SECOND, 1, AT + DAY), LETTERHEAD)
    assert (rows[-1].giver, rows[-1].receiver, rows[-1].result) == (ECONOMY, JUSTICE, None)
    assert "không nhận" in rows[-1].note


def test_what_was_solved_on_the_spot_was_handed_to_nobody() -> None:
    assert hand_overs(resolved(accepted(on_the_spot=True), 0.1, FIRST), LETTERHEAD) == ()
