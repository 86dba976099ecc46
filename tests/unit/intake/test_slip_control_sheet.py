"""The control sheet: a row for each hand-over, each step judged by its own limit."""

from __future__ import annotations

from contracts.events import routing
from services.intake.domain.slip import Form
from services.intake.slips.control_sheet import hand_overs
from services.intake.slips.page import page
from services.kit.worktime import Outcome as Kept
from tests.unit.intake.dossier_fixtures import AT, NEW_DUE
from tests.unit.intake.slip_samples import (
    DAY,
    DESK_NAME,
    FIRST,
    HOUR,
    LETTERHEAD,
    PRINTER,
    SECOND,
    accepted,
    extended,
    resolved,
    told,
    transferred,
    values,
)


def test_the_control_sheet_has_a_row_for_each_hand_over_and_judges_each_step() -> None:
    """NĐ 61/2018 Art 18, forms 05/06: who, when, and the result of that step entered by the receiver."""
    of = transferred(accepted(), 1, FIRST, 1, AT + DAY)
    of = told(of, routing.DossierTransferAccepted, 2, step=1, agency=FIRST)
    of = transferred(of, 49, SECOND, 2, AT + 4 * DAY)
    of = resolved(of, 73, SECOND)
    rows = hand_overs(of, LETTERHEAD)
    assert [(row.giver, row.receiver, row.result, row.given_by) for row in rows] == [
        (DESK_NAME, "Phòng Kinh tế", None, "Nguyễn Văn A"),
        ("Phòng Kinh tế", "Phòng Tư pháp", Kept.LATE, None),
        ("Phòng Tư pháp", DESK_NAME, Kept.EARLY, None),
    ]
    assert [row.taken_at for row in rows] == [AT + 2 * HOUR, None, None]
    shown = values(PRINTER.printed(Form.CONTROL_SHEET, of))
    assert (shown["agency"], shown["supporting"]) == ("Phòng Kinh tế", "Phòng Tư pháp")
    text = page(PRINTER.printed(Form.CONTROL_SHEET, of))
    for words in ("1. Giao: Phòng Kinh tế", "2. Nhận: Phòng Tư pháp", "quá hạn", "trước hạn", "10:00 23/11/2026"):
        assert words in text, words


def test_a_step_that_ends_on_its_day_is_on_time() -> None:
    of = resolved(transferred(accepted(), 1, FIRST, 1, AT + DAY), 30, FIRST)
    assert hand_overs(of, LETTERHEAD)[-1].result is Kept.ON_TIME


def test_a_supplement_goes_back_to_the_desk_and_the_step_is_not_judged_by_its_old_date() -> None:
    of = transferred(accepted(), 1, FIRST, 1, AT + DAY)
    of = told(of, routing.DossierSupplementRequested, 3, step=1, agency=FIRST, reason="missing-papers", items=("Ảnh",))
    of = transferred(of, 100, FIRST, 1, AT + 8 * DAY)
    rows = hand_overs(resolved(of, 120, FIRST), LETTERHEAD)
    assert [(row.giver, row.receiver, row.result) for row in rows] == [
        (DESK_NAME, "Phòng Kinh tế", None),
        ("Phòng Kinh tế", DESK_NAME, None),
        (DESK_NAME, "Phòng Kinh tế", None),
        ("Phòng Kinh tế", DESK_NAME, Kept.EARLY),
    ]


def test_who_declines_hands_on_without_a_result() -> None:
    of = transferred(accepted(), 1, FIRST, 1, AT + DAY)
    of = told(of, routing.DossierTransferDeclined, 2, step=1, agency=FIRST, reason="not-ours")
    rows = hand_overs(transferred(of, 2.5, SECOND, 1, AT + DAY), LETTERHEAD)
    assert (rows[-1].giver, rows[-1].receiver, rows[-1].result) == ("Phòng Kinh tế", "Phòng Tư pháp", None)
    assert "không nhận" in rows[-1].note


def test_an_extension_moves_the_limit_of_the_last_step_and_of_no_earlier_one() -> None:
    of = extended(transferred(accepted(), 1, FIRST, 1, AT + DAY), hours=20)
    last = hand_overs(resolved(of, 72, FIRST), LETTERHEAD)[-1]
    assert last.result is Kept.EARLY
    passed_on = hand_overs(transferred(of, 72, SECOND, 2, NEW_DUE), LETTERHEAD)[-1]
    assert passed_on.result is Kept.LATE


def test_what_was_solved_on_the_spot_was_handed_to_nobody() -> None:
    assert hand_overs(resolved(accepted(on_the_spot=True), 0.1, FIRST), LETTERHEAD) == ()
