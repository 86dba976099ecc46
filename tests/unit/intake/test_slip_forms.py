"""The forms: which set is in force when, and every form's fields in exactly the order of the law's annexes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.slip import NUMBERED, Form
from services.intake.slips.form_spec import FormSpec, Paper
from services.intake.slips.forms import (
    FORM_SETS,
    GUIDE,
    HEAD,
    RECEIVER,
    SET_2018,
    SET_2025,
    SUBMITTER,
    form_set_on,
)
from tests.unit.intake.slip_samples import REGISTER_COLUMNS

RECEIPT_FIELDS = [
    "Mã hồ sơ",
    "Trung tâm Phục vụ hành chính công/Bộ phận",
    "Tiếp nhận hồ sơ của Ông (Bà)/Tổ chức",
    "Số định danh cá nhân/tổ chức",
    "Địa chỉ",
    "Số điện thoại",
    "Email",
    # If authorised: the same of who authorised, and the paper.
    "Người ủy quyền",
    "Số định danh của người ủy quyền",
    "Địa chỉ của người ủy quyền",
    "Số điện thoại của người ủy quyền",
    "Email của người ủy quyền",
    "Giấy tờ ủy quyền",
    "Nội dung yêu cầu giải quyết",
    "Thành phần hồ sơ nộp gồm",
    "Số lượng hồ sơ (bộ)",
    "Thời gian giải quyết theo quy định",
    "Thời gian nhận hồ sơ",
    "Thời gian trả kết quả",
    "Đăng ký nhận kết quả tại",
    "Vào Sổ theo dõi hồ sơ",
]
FIELDS = {
    Form.RECEIPT: RECEIPT_FIELDS,
    Form.SUPPLEMENT_REQUEST: [
        "Hồ sơ của",
        "Nội dung yêu cầu giải quyết",
        "Địa chỉ",
        "Số điện thoại",
        "Email",
        "Yêu cầu hoàn thiện hồ sơ gồm những nội dung sau",
        "Lý do",
        "Mọi vướng mắc xin liên hệ",
    ],
    Form.REFUSAL: [
        "Tiếp nhận hồ sơ của",
        "Số định danh cá nhân/tổ chức",
        "Địa chỉ",
        "Số điện thoại",
        "Email",
        "Mã hồ sơ",
        "Nội dung yêu cầu giải quyết",
        "Từ chối tiếp nhận, giải quyết hồ sơ với lý do cụ thể",
    ],
    Form.APOLOGY: [
        "Kính gửi",
        "Ngày tiếp nhận hồ sơ",
        "Cơ quan, đơn vị giải quyết",
        "Tên thủ tục hành chính",
        "Số định danh cá nhân/tổ chức",
        "Mã số hồ sơ",
        "Thời gian hẹn trả kết quả",
        "Lý do chưa trả được kết quả đúng hẹn",
        "",  # the apology itself, a sentence
        "Thời gian trả kết quả mới",
    ],
    Form.CONTROL_SHEET: [
        "Mã số hồ sơ",
        "Cơ quan (bộ phận) giải quyết hồ sơ",
        "Cơ quan phối hợp giải quyết hồ sơ",
        "Ngày nhận hồ sơ",
        "Hẹn trả kết quả",
    ],
    Form.REGISTER: [],
}
CONTROL_COLUMNS = [
    "Tên đơn vị (1. Giao; 2. Nhận)",
    "Thời gian giao, nhận (giờ, phút, ngày)",
    "Kết quả giải quyết hồ sơ (trước hạn/đúng hạn/quá hạn)",
    "Ghi chú",
    "Người giao/Người nhận",
]
TITLES_2018 = [
    ("01", "Giấy tiếp nhận hồ sơ và hẹn trả kết quả"),
    ("02", "Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ"),
    ("03", "Phiếu từ chối tiếp nhận giải quyết hồ sơ"),
    ("04", "Phiếu xin lỗi và hẹn lại ngày trả kết quả"),
    ("05", "Phiếu kiểm soát quá trình giải quyết hồ sơ"),
    ("06", "Sổ theo dõi hồ sơ"),
]
TITLES_2025 = [
    ("01", "Giấy tiếp nhận hồ sơ và hẹn trả kết quả"),
    ("02", "Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ"),
    ("03", "Phiếu từ chối tiếp nhận giải quyết hồ sơ"),
    ("04", "Văn bản xin lỗi và đề nghị gia hạn thời gian giải quyết"),
    ("05", "Thông báo dừng giải quyết hồ sơ"),
    ("06", "Phiếu kiểm soát quá trình giải quyết hồ sơ"),
    ("07", "Sổ theo dõi hồ sơ"),
]


def titles(forms: tuple[FormSpec, ...]) -> list[tuple[str, str]]:
    return [(spec.number, spec.title) for spec in forms]


def test_the_six_forms_of_2018_and_the_seven_of_2025_have_their_numbers_and_titles() -> None:
    assert titles(SET_2018.forms) == TITLES_2018
    assert titles(SET_2025.forms) == TITLES_2025


@pytest.mark.parametrize("form_set", FORM_SETS, ids=lambda known: str(known.id))
def test_every_form_has_its_fields_in_the_order_of_the_annex(form_set: object) -> None:
    for form, labels in FIELDS.items():
        spec = form_set.spec(form)  # type: ignore[attr-defined]
        assert [field.label for field in spec.fields] == labels, form
        assert len({field.key for field in spec.fields}) == len(spec.fields)


@pytest.mark.parametrize("form_set", FORM_SETS, ids=lambda known: str(known.id))
def test_the_tables_have_their_columns_in_order(form_set: object) -> None:
    control, register = (form_set.spec(form) for form in (Form.CONTROL_SHEET, Form.REGISTER))  # type: ignore[attr-defined]
    assert [column.label for column in control.columns] == CONTROL_COLUMNS
    assert [column.label for column in register.columns] == REGISTER_COLUMNS
    assert [column.label for column in register.columns if column.group] == REGISTER_COLUMNS[6:]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2015, 1, 1), "2018"),  # older than every set: printed on the oldest
        (date(2019, 1, 5), "2018"),
        (date(2019, 1, 6), "2018"),
        (date(2025, 9, 14), "2018"),
        (date(2025, 9, 15), "2025"),
        (date(2026, 11, 23), "2025"),
    ],
)
def test_the_set_is_chosen_by_the_date_of_the_slip(day: date, expected: str) -> None:
    assert form_set_on(day).id == expected


@given(st.dates(), st.sampled_from(["2018", "2025"]))
def test_a_set_that_is_forced_is_printed_on_any_day(day: date, forced: str) -> None:
    """Decisions of late 2025 still print the old names (QĐ 3621/QĐ-BYT; Hà Tĩnh QĐ 2904, 2916, 3005)."""
    assert form_set_on(day, forced).id == forced


@given(st.dates(min_value=date(2019, 1, 6)))
def test_on_every_day_one_set_is_in_force(day: date) -> None:
    valid = [s for s in FORM_SETS if s.valid_from <= day and (s.valid_until is None or day <= s.valid_until)]
    assert valid == [form_set_on(day)]


def test_the_sets_follow_each_other_without_a_gap() -> None:
    assert SET_2018.valid_until is not None
    assert SET_2018.valid_until + timedelta(days=1) == SET_2025.valid_from


def test_termination_is_a_form_of_2025_only() -> None:
    assert SET_2018.find(Form.TERMINATION) is None
    assert SET_2025.spec(Form.TERMINATION).signatures == (HEAD,)


def test_signatures_are_those_of_the_forms() -> None:
    expected = {
        Form.RECEIPT: (SUBMITTER, RECEIVER),
        Form.SUPPLEMENT_REQUEST: (GUIDE,),
        Form.REFUSAL: (SUBMITTER, RECEIVER),
        Form.APOLOGY: (HEAD,),
    }
    for form_set in FORM_SETS:
        assert {form: form_set.spec(form).signatures for form in expected} == expected


def test_symbols_carry_the_running_number_from_01() -> None:
    by_form = {form: SET_2025.spec(form) for form in Form}
    assert by_form[Form.SUPPLEMENT_REQUEST].symbol_of(1) == "01/PBS-TTPVHCC"
    assert by_form[Form.REFUSAL].symbol_of(12) == "12/PTC-TTPVHCC"
    assert by_form[Form.APOLOGY].symbol_of(100) == "100/PXL"
    assert by_form[Form.RECEIPT].symbol_of(None) == "……/……-TTPVHCC (BPTNTKQ)"
    assert by_form[Form.CONTROL_SHEET].symbol_of(None) == "……/PKS-TTPVHCC"
    assert by_form[Form.REGISTER].symbol_of(None) == "……/STD-TTPVHCC"
    assert SET_2018.spec(Form.SUPPLEMENT_REQUEST).symbol_of(1) == "01/HDHS"


def test_numbered_forms_of_one_set_never_share_a_series() -> None:
    for form_set in FORM_SETS:
        series = [spec.series for spec in form_set.forms if spec.form in NUMBERED]
        assert all(series)
        assert len(set(series)) == len(series)


def test_slips_are_a5_and_the_register_is_a4() -> None:
    """TT 01/2018/TT-VPCP Art 9: A5, the register A4."""
    for spec in SET_2018.forms:
        assert spec.paper is (Paper.A4_LANDSCAPE if spec.form is Form.REGISTER else Paper.A5)
    sizes = {spec.form: spec.paper for spec in SET_2025.forms}
    assert (sizes[Form.CONTROL_SHEET], sizes[Form.REGISTER]) == (Paper.A4, Paper.A4_LANDSCAPE)
    assert {sizes[form] for form in (Form.RECEIPT, *NUMBERED)} == {Paper.A5}
