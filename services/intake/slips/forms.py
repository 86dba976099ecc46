"""The forms as data: two sets with their validity, each form's number, title, paper, symbol, fields, signatures.

Field layouts are those of the forms that ministries print (QĐ 3621/QĐ-BYT of 24 Nov 2025, on NĐ 118/2025 and
TT 03/2025/TT-VPCP); the sets of 2018 and 2025 differ in names and numbers, not in fields.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from services.intake.domain.slip import Form
from services.intake.slips.form_spec import Column, Field, FormSet, FormSpec, Paper

SUBMITTER, RECEIVER = "NGƯỜI NỘP HỒ SƠ", "NGƯỜI TIẾP NHẬN HỒ SƠ"
GUIDE = "NGƯỜI HƯỚNG DẪN"
HEAD = "THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ"

RECEIPT = FormSpec(
    Form.RECEIPT, "01", "Giấy tiếp nhận hồ sơ và hẹn trả kết quả", Paper.A5, "", "{number}/……-TTPVHCC (BPTNTKQ)",
    fields=(
        Field("code", "Mã hồ sơ"),
        Field("office", "Trung tâm Phục vụ hành chính công/Bộ phận"),
        Field("person", "Tiếp nhận hồ sơ của Ông (Bà)/Tổ chức"),
        Field("id_number", "Số định danh cá nhân/tổ chức"),
        Field("address", "Địa chỉ"),
        Field("phone", "Số điện thoại"),
        Field("email", "Email"),
        Field("mandator", "Người ủy quyền", optional=True),
        Field("mandator_id_number", "Số định danh của người ủy quyền", optional=True),
        Field("mandator_address", "Địa chỉ của người ủy quyền", optional=True),
        Field("mandator_phone", "Số điện thoại của người ủy quyền", optional=True),
        Field("mandator_email", "Email của người ủy quyền", optional=True),
        Field("mandate", "Giấy tờ ủy quyền", optional=True),
        Field("request", "Nội dung yêu cầu giải quyết"),
        Field("papers", "Thành phần hồ sơ nộp gồm"),
        Field("sets", "Số lượng hồ sơ (bộ)"),
        Field("limit", "Thời gian giải quyết theo quy định"),
        Field("received_at", "Thời gian nhận hồ sơ"),
        Field("due_at", "Thời gian trả kết quả"),
        Field("return_at", "Đăng ký nhận kết quả tại"),
        Field("book", "Vào Sổ theo dõi hồ sơ"),
    ),
    signatures=(SUBMITTER, RECEIVER),
)  # fmt: skip
SUPPLEMENT_REQUEST = FormSpec(
    Form.SUPPLEMENT_REQUEST, "02", "Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ", Paper.A5, "PBS", "{number}/PBS-TTPVHCC",
    fields=(
        Field("person", "Hồ sơ của"),
        Field("request", "Nội dung yêu cầu giải quyết"),
        Field("address", "Địa chỉ"),
        Field("phone", "Số điện thoại"),
        Field("email", "Email"),
        Field("items", "Yêu cầu hoàn thiện hồ sơ gồm những nội dung sau"),
        Field("reason", "Lý do"),
        Field("contact", "Mọi vướng mắc xin liên hệ"),
    ),
    signatures=(GUIDE,),
)  # fmt: skip
REFUSAL = FormSpec(
    Form.REFUSAL, "03", "Phiếu từ chối tiếp nhận giải quyết hồ sơ", Paper.A5, "PTC", "{number}/PTC-TTPVHCC",
    fields=(
        Field("person", "Tiếp nhận hồ sơ của"),
        Field("id_number", "Số định danh cá nhân/tổ chức"),
        Field("address", "Địa chỉ"),
        Field("phone", "Số điện thoại"),
        Field("email", "Email"),
        Field("code", "Mã hồ sơ", optional=True),
        Field("request", "Nội dung yêu cầu giải quyết"),
        Field("grounds", "Từ chối tiếp nhận, giải quyết hồ sơ với lý do cụ thể"),
    ),
    signatures=(SUBMITTER, RECEIVER),
)  # fmt: skip
APOLOGY = FormSpec(
    Form.APOLOGY, "04", "Văn bản xin lỗi và đề nghị gia hạn thời gian giải quyết", Paper.A5, "PXL", "{number}/PXL",
    fields=(
        Field("person", "Kính gửi"),
        Field("received_on", "Ngày tiếp nhận hồ sơ"),
        Field("agency", "Cơ quan, đơn vị giải quyết"),
        Field("request", "Tên thủ tục hành chính"),
        Field("id_number", "Số định danh cá nhân/tổ chức"),
        Field("code", "Mã số hồ sơ"),
        Field("due_at", "Thời gian hẹn trả kết quả"),
        Field("reason", "Lý do chưa trả được kết quả đúng hẹn"),
        Field("apology", ""),
        Field("new_due_at", "Thời gian trả kết quả mới"),
    ),
    signatures=(HEAD,),
)  # fmt: skip
TERMINATION = FormSpec(
    # The annex's own layout of this form is not public yet: these fields are what TT 03/2025 Art 7 needs said, the
    # symbol is the one for notices in general (NĐ 30/2020/NĐ-CP, Phụ lục III).
    Form.TERMINATION, "05", "Thông báo dừng giải quyết hồ sơ", Paper.A5, "TB", "{number}/TB-TTPVHCC",
    fields=(
        Field("person", "Kính gửi"),
        Field("code", "Mã hồ sơ"),
        Field("request", "Nội dung yêu cầu giải quyết"),
        Field("received_on", "Ngày nộp hồ sơ"),
        Field("ended_at", "Dừng giải quyết từ"),
        Field("reason", "Lý do"),
        Field("basis", "Căn cứ"),
    ),
    signatures=(HEAD,),
)  # fmt: skip
CONTROL_SHEET = FormSpec(
    Form.CONTROL_SHEET, "06", "Phiếu kiểm soát quá trình giải quyết hồ sơ", Paper.A4, "", "{number}/PKS-TTPVHCC",
    fields=(
        Field("code", "Mã số hồ sơ"),
        Field("agency", "Cơ quan (bộ phận) giải quyết hồ sơ"),
        Field("supporting", "Cơ quan phối hợp giải quyết hồ sơ"),
        Field("received_at", "Ngày nhận hồ sơ"),
        Field("due_at", "Hẹn trả kết quả"),
    ),
    columns=(
        Column("units", "Tên đơn vị (1. Giao; 2. Nhận)"),
        Column("at", "Thời gian giao, nhận (giờ, phút, ngày)"),
        Column("result", "Kết quả giải quyết hồ sơ (trước hạn/đúng hạn/quá hạn)"),
        Column("note", "Ghi chú"),
        Column("people", "Người giao/Người nhận"),
    ),
)  # fmt: skip
DATES = "Ngày, tháng, năm"
REGISTER = FormSpec(
    Form.REGISTER, "07", "Sổ theo dõi hồ sơ", Paper.A4_LANDSCAPE, "", "{number}/STD-TTPVHCC",
    columns=(
        Column("number", "STT"),
        Column("code", "Mã hồ sơ"),
        Column("procedure_name", "Tên TTHC"),
        Column("person", "Tên tổ chức, cá nhân"),
        Column("address_phone", "Địa chỉ/SĐT"),
        Column("agency", "Cơ quan chủ trì giải quyết"),
        Column("received_at", "Nhận hồ sơ", DATES),
        Column("due_at", "Hẹn trả kết quả", DATES),
        Column("returned_at", "Trả kết quả", DATES),
        Column("return_by", "Phương thức nhận kết quả", DATES),
        Column("signed", "Ký nhận", DATES),
    ),
)  # fmt: skip

SET_2018 = FormSet(
    "2018",
    "Thông tư 01/2018/TT-VPCP",
    date(2019, 1, 6),
    date(2025, 9, 14),
    (
        RECEIPT,
        replace(SUPPLEMENT_REQUEST, series="HDHS", symbol="{number}/HDHS"),
        REFUSAL,
        replace(APOLOGY, title="Phiếu xin lỗi và hẹn lại ngày trả kết quả"),
        # Art 9: all are A5 but the register.
        replace(CONTROL_SHEET, number="05", paper=Paper.A5),
        replace(REGISTER, number="06"),
    ),
)
SET_2025 = FormSet(
    "2025",
    "Thông tư 03/2025/TT-VPCP, Phụ lục I",
    date(2025, 9, 15),
    None,
    (RECEIPT, SUPPLEMENT_REQUEST, REFUSAL, APOLOGY, TERMINATION, CONTROL_SHEET, REGISTER),
)
FORM_SETS = (SET_2018, SET_2025)


def form_set(id: str) -> FormSet:
    """The set with this id, one of those in `FORM_SETS`."""
    return next(known for known in FORM_SETS if known.id == id)


def form_set_on(day: date, forced: str | None = None) -> FormSet:
    """The set for a slip of that day.

    Args:
        forced: set that a province still prints by its own decision, whatever the day.
    """
    if forced is not None:
        return form_set(forced)
    # What is older than every set (registers migrated from paper) is printed on the oldest.
    valid = [known for known in FORM_SETS if known.valid_from <= day]
    return valid[-1] if valid else FORM_SETS[0]
