"""What slips say: only what the dossier bears out, in the words of the forms."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from contracts.types import HandOverMethod, PaperState
from services.intake.domain import ending, receiving
from services.intake.domain.checklist import Line, check
from services.intake.domain.dossier import SupplementRequest, TimelineEntry, Wanted
from services.intake.domain.people import Applicant, Mandate
from services.intake.domain.slip import Form, checklist_at_receipt
from services.intake.domain.status import Status
from services.intake.queries.receipt import receipt
from services.intake.slips.page import page
from services.intake.slips.sheet import Printer
from tests.unit.intake.dossier_fixtures import AGENCY, APPLICANT, AT, CODE, DUE, NEW_DUE, dossier
from tests.unit.intake.slip_samples import (
    DAY,
    DESK_NAME,
    FIRST,
    HOUR,
    ITEMS,
    LETTERHEAD,
    PAPERS,
    PRINTER,
    accepted,
    asked,
    extended,
    issued,
    refused,
    terminated,
    values,
)


def test_the_receipt_says_everything_of_form_01_in_its_order() -> None:
    lines = check(
        PAPERS,
        (
            Line(1, PaperState.ORIGINAL),
            Line(2, PaperState.COPY),
            Line(3, PaperState.REPLACED, "dữ liệu dân cư"),
            Line(4, PaperState.NOT_APPLICABLE, "trường hợp khác"),
        ),
    )
    sheet = PRINTER.printed(Form.RECEIPT, accepted(checklist=lines, sets=2), PAPERS)
    assert [(field.key, value) for field, value in sheet.lines] == [
        ("code", CODE),
        ("office", DESK_NAME),
        ("person", "Người Nộp Thử"),
        ("id_number", "096190001234"),
        ("address", "Ấp Thử"),
        ("phone", "0901234567"),
        ("email", None),
        ("request", "Đăng ký khai sinh"),
        ("papers", ("Tờ khai (bản chính)", "Giấy chứng sinh (bản sao)", "Sổ hộ khẩu (khai thác từ cơ sở dữ liệu)")),
        ("sets", "2"),
        ("limit", "3 ngày làm việc"),
        ("received_at", "09 giờ 00 phút, ngày 23 tháng 11 năm 2026"),
        ("due_at", "09 giờ 00 phút, ngày 26 tháng 11 năm 2026"),
        ("return_at", DESK_NAME),
        ("book", "lĩnh vực Hộ tịch; Quyển số: ……; Số thứ tự: ……"),
    ]
    assert [(s.title, s.name) for s in sheet.signatures] == [
        ("NGƯỜI NỘP HỒ SƠ", "Người Nộp Thử"),
        ("NGƯỜI TIẾP NHẬN HỒ SƠ", "Nguyễn Văn A"),
    ]
    assert sheet.track_url == f"https://motcua.example.gov.vn/tra-cuu/{CODE}"
    assert sheet.dated_text == "Huyện Thử, ngày 23 tháng 11 năm 2026"


def test_where_somebody_is_mandated_the_receipt_is_theirs_and_names_who_mandated_them_by_which_paper() -> None:
    mandated = Applicant("citizen", "Trần Thị B", "096190005678", "0901234001", "Xã Thử", "b@example.vn")
    mandate = Mandate("Giấy ủy quyền", "12/UQ", date(2026, 11, 1), date(2027, 11, 1))
    shown = values(PRINTER.printed(Form.RECEIPT, accepted(mandated=mandated, mandate=mandate), ()))
    assert list(shown)[2:14] == [
        "person", "id_number", "address", "phone", "email",
        "mandator", "mandator_id_number", "mandator_address", "mandator_phone", "mandate", "request", "papers",
    ]  # fmt: skip
    assert (shown["person"], shown["mandator"]) == ("Trần Thị B", APPLICANT.full_name)
    assert shown["mandate"] == (
        "Giấy ủy quyền, số 12/UQ, ngày 01 tháng 11 năm 2026, có giá trị đến ngày 01 tháng 11 năm 2027"
    )


@pytest.mark.parametrize("form_set", ["2018", "2025"])
@pytest.mark.parametrize("on_the_spot", [True, False])
def test_a_procedure_without_a_limit_still_has_its_receipt(form_set: str, on_the_spot: bool) -> None:
    """On the spot nothing need be published; a citizen may ask for the receipt (NĐ 61/2018 Art 17.4)."""
    solved = accepted(limit_value=None, limit_unit=None, on_the_spot=on_the_spot)
    sheet = Printer(LETTERHEAD, form_set).printed(Form.RECEIPT, solved, ())
    assert sheet.form_set.id == form_set
    assert values(sheet)["limit"] == ("Giải quyết ngay khi tiếp nhận" if on_the_spot else None)
    assert receipt(solved)["limit_text"] is None
    assert "<svg" in page(sheet)


def test_a_result_by_post_or_online_is_registered_as_such() -> None:
    by_post = accepted(return_by=HandOverMethod.POST, return_address="Số 1, đường Thử")
    online = accepted(return_by=HandOverMethod.ONLINE)
    assert values(PRINTER.printed(Form.RECEIPT, by_post, ()))["return_at"] == "Qua bưu chính, đến: Số 1, đường Thử"
    assert "Cổng Dịch vụ công quốc gia" in values(PRINTER.printed(Form.RECEIPT, online, ()))["return_at"]


def test_the_receipt_lists_the_papers_of_its_day_whatever_was_brought_later() -> None:
    then = (Line(1, PaperState.COPY), Line(2, PaperState.COPY))
    wanted = SupplementRequest(AT + HOUR, AGENCY, (Wanted("Tờ khai", "missing-papers"),))
    waits = accepted(status=Status.SUPPLEMENT, checklist=then, requests=(wanted,))
    brought = (Line(1, PaperState.ORIGINAL), Line(3, PaperState.ORIGINAL))
    later, _ = receiving.supplement(waits, AT + DAY, NEW_DUE, "vì thế", brought)
    assert [line.paper for line in later.checklist] == [1, 2, 3]
    assert checklist_at_receipt(later) == then
    assert receipt(later)["papers"] == [{"paper": 1, "state": "copy"}, {"paper": 2, "state": "copy"}]


def test_what_a_filing_was_completed_with_before_its_receipt_is_on_it() -> None:
    waiting = dossier(Status.REGISTERED, due_at=None, first_due_at=None, checklist=(Line(1, PaperState.COPY),))
    asked_for, _ = receiving.request_completion(waiting, AT + HOUR, ITEMS, None, supervisor=False)
    back, _ = receiving.resubmit(asked_for, AT + 2 * HOUR, DUE, (Line(2, PaperState.DIGITAL),))
    received, _ = receiving.accept(back, AT + 3 * HOUR, DUE, "vì thế")
    assert [line.paper for line in checklist_at_receipt(received)] == [1, 2]


def test_a_request_for_papers_names_each_paper_with_its_reason_and_whom_to_ask() -> None:
    of = replace(asked(), clerk="Nguyễn Văn A")
    sheet = issued(of, Form.SUPPLEMENT_REQUEST)
    shown = values(sheet)
    assert shown["items"] == (
        "Tờ khai: Thiếu giấy tờ trong thành phần hồ sơ",
        "Giấy chứng sinh: Giấy tờ không đọc được",
    )
    assert shown["reason"] == "Thiếu giấy tờ trong thành phần hồ sơ; Giấy tờ không đọc được"
    assert shown["contact"] == f"Nguyễn Văn A, {DESK_NAME}, số điện thoại 0290 1234 500"
    assert [(s.title, s.name) for s in sheet.signatures] == [("NGƯỜI HƯỚNG DẪN", "Nguyễn Văn A")]
    assert sheet.symbol == "07/PBS-TTPVHCC"


def test_a_request_of_an_agency_gives_the_agency_and_the_legal_basis_of_a_second_one() -> None:
    second = SupplementRequest(AT + DAY, FIRST, (Wanted("Ảnh", "x-y"),), "Luật Hộ tịch Điều 16")
    of = replace(asked(), requests=(*asked().requests, second))
    shown = values(issued(of, Form.SUPPLEMENT_REQUEST, 2))
    assert shown["items"] == ("Ảnh",)
    assert shown["reason"] == "Hồ sơ chưa đầy đủ (mã lý do: x-y); Căn cứ yêu cầu lần này: Luật Hộ tịch Điều 16"
    assert shown["contact"] == "……, Phòng Kinh tế, số điện thoại ……"


def test_a_refusal_names_each_ground_with_its_law() -> None:
    grounds = values(issued(refused(), Form.REFUSAL))["grounds"]
    assert len(grounds) == 2
    assert grounds[0].startswith("Không thuộc thẩm quyền giải quyết (NĐ 61/2018/NĐ-CP Điều 17")


def test_an_apology_says_the_date_that_was_promised_the_reason_and_the_new_one() -> None:
    shown = values(issued(extended(), Form.APOLOGY))
    assert shown["due_at"] == "09 giờ 00 phút, ngày 26 tháng 11 năm 2026"
    assert shown["new_due_at"] == "09 giờ 00 phút, ngày 02 tháng 12 năm 2026"
    assert (shown["reason"], shown["agency"]) == ("Cần kiểm tra thực địa", "Phòng Kinh tế")
    assert "xin lỗi" in shown["apology"]


def test_after_a_supplement_the_apology_is_for_the_date_that_was_promised_then() -> None:
    anew = TimelineEntry(AT + DAY, "supplemented", due_at=AT + 5 * DAY)
    of = extended(accepted(timeline=(TimelineEntry(AT, "submitted", due_at=DUE), anew)))
    assert values(issued(of, Form.APOLOGY))["due_at"] == "09 giờ 00 phút, ngày 28 tháng 11 năm 2026"


def test_a_termination_says_since_when_and_why() -> None:
    withdrawn, _ = ending.withdraw(accepted(), AT + DAY, "changed-mind")
    shown = values(issued(withdrawn, Form.TERMINATION))
    assert shown["ended_at"] == "09 giờ 00 phút, ngày 24 tháng 11 năm 2026"
    assert shown["reason"] == "Theo yêu cầu rút hồ sơ của người nộp (mã lý do: changed-mind)"
    assert shown["basis"] == "Thông tư 03/2025/TT-VPCP, Điều 7"


def test_a_termination_by_decision_names_its_ground() -> None:
    shown = values(issued(terminated(accepted(), 24, FIRST), Form.TERMINATION))
    assert shown["ended_at"] == "09 giờ 00 phút, ngày 24 tháng 11 năm 2026"
    assert shown["reason"].startswith("Cơ quan giải quyết quyết định dừng: Thủ tục đang tạm dừng thực hiện (")
    assert shown["basis"] == "Quyết định của cơ quan có thẩm quyền giải quyết hồ sơ"
    own = values(issued(terminated(accepted(), 24, FIRST, "some-agencys-own"), Form.TERMINATION))
    assert own["reason"] == "Cơ quan giải quyết quyết định dừng (mã lý do: some-agencys-own)"


def test_a_slip_is_printed_again_on_the_form_it_was_issued_on() -> None:
    old = issued(extended(), Form.APOLOGY, form_set="2018")
    assert (old.spec.title, old.form_set.id) == ("Phiếu xin lỗi và hẹn lại ngày trả kết quả", "2018")
