"""What was registered with the vendors beforehand: the Zalo templates and the texts an SMS brandname may carry.

This is the one place for template ids and wording. Real templates are reviewed by people for about two working
days, hence a service can only use ids and parameters that are known before it starts.
"""

import re
from dataclasses import dataclass, replace
from string import Template
from typing import Literal

TemplateStatus = Literal["ENABLE", "PENDING_REVIEW", "REJECT", "DISABLE", "DELETE"]
STATUS_NUMBERS: dict[str, TemplateStatus] = {"1": "ENABLE", "2": "PENDING_REVIEW", "3": "REJECT", "4": "DISABLE"}

# Zalo ZBS: date and time formats of a parameter of type 11.
DATE_FORMAT = re.compile(
    r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?( (0[1-9]|[12]\d|3[01])/(0[1-9]|1[0-2])/\d{4})?"
    r"|((0[1-9]|[12]\d|3[01])/)?(0[1-9]|1[0-2])/\d{4}"
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One entry of a template's `listParams`; lengths are counted in characters (Zalo ZBS: template detail)."""

    name: str
    max_length: int
    is_date: bool = False
    min_length: int = 0
    required: bool = True
    accept_null: bool = False

    def as_list_param(self) -> dict[str, str | int | bool]:
        """Return the parameter as `template/info/v2` shows it."""
        return {
            "name": self.name,
            "require": self.required,
            "type": "STRING",
            "maxLength": self.max_length,
            "minLength": self.min_length,
            "acceptNull": self.accept_null,
        }


DOSSIER_CODE = Parameter("dossier_code", 30)  # type 4, code or ID
PROCEDURE_NAME = Parameter("procedure_name", 90)  # the value of a table row
OFFICE_NAME = Parameter("office_name", 90)
REASON = Parameter("reason", 90)
AMOUNT = Parameter("amount", 30)  # type 12, amount of money
DUE_DATE = Parameter("due_date", 20, is_date=True)  # type 11, time or date
OVERDUE_SINCE = Parameter("due_date", 20, is_date=True, required=False, accept_null=True)
RETURNED_AT = Parameter("returned_at", 20, is_date=True)
STOPPED_AT = Parameter("stopped_at", 20, is_date=True)
RATING_LINK = Parameter("rating_link", 200, required=False, accept_null=True)  # type 13, URL


@dataclass(frozen=True, slots=True)
class ZaloTemplate:
    """A registered template and the state its owner or Zalo put it in."""

    template_id: str
    kind: str
    name: str
    body: str
    parameters: tuple[Parameter, ...]
    status: TemplateStatus = "ENABLE"
    night_block: bool = True
    daily_quota: int | None = None
    tag: Literal["TRANSACTION", "CUSTOMER_CARE", "PROMOTION"] = "TRANSACTION"
    timeout_ms: int = 7_200_000

    def render(self, data: dict[str, str]) -> str:
        """Return the text on the citizen's screen. A row whose value may be null, and is, does not show."""
        absent = [f"${one.name}" for one in self.parameters if one.accept_null and not data.get(one.name)]
        rows = [row for row in self.body.split("\n") if not any(name in row for name in absent)]
        return Template("\n".join(rows)).safe_substitute(data)


ZALO_TEMPLATES: tuple[ZaloTemplate, ...] = (
    ZaloTemplate(
        "300101",
        "received",
        "Hồ sơ đã tiếp nhận",
        "Hồ sơ $dossier_code đã được tiếp nhận.\nThủ tục: $procedure_name\nHẹn trả kết quả: $due_date\n"
        "Nơi tiếp nhận: $office_name",
        (DOSSIER_CODE, PROCEDURE_NAME, DUE_DATE, OFFICE_NAME),
    ),
    ZaloTemplate(
        "300102",
        "supplement",
        "Yêu cầu bổ sung hồ sơ",
        "Hồ sơ $dossier_code cần bổ sung.\nThủ tục: $procedure_name\nLý do: $reason\nNơi tiếp nhận: $office_name",
        (DOSSIER_CODE, PROCEDURE_NAME, REASON, OFFICE_NAME),
    ),
    ZaloTemplate(
        "300103",
        "extended",
        "Xin lỗi và hẹn lại ngày trả kết quả",
        "Xin lỗi vì hồ sơ $dossier_code chưa giải quyết xong đúng hẹn.\nThủ tục: $procedure_name\nLý do: $reason\n"
        "Hẹn lại: $due_date",
        (DOSSIER_CODE, PROCEDURE_NAME, REASON, DUE_DATE),
    ),
    ZaloTemplate(
        "300104",
        "resolved",
        "Hồ sơ đã có kết quả",
        "Hồ sơ $dossier_code đã có kết quả.\nThủ tục: $procedure_name\nMời nhận tại: $office_name",
        (DOSSIER_CODE, PROCEDURE_NAME, OFFICE_NAME),
    ),
    ZaloTemplate(
        "300105",
        "returned",
        "Đã trả kết quả",
        "Kết quả của hồ sơ $dossier_code đã được trả.\nThủ tục: $procedure_name\nThời điểm trả: $returned_at\n"
        "Mời Ông/Bà đánh giá: $rating_link",
        (DOSSIER_CODE, PROCEDURE_NAME, RETURNED_AT, RATING_LINK),
    ),
    ZaloTemplate(
        "300106",
        "filed",
        "Đã nhận hồ sơ nộp",
        "Đã nhận hồ sơ nộp $dossier_code.\nThủ tục: $procedure_name\nCơ quan trả lời trước: $due_date\n"
        "Nơi trả lời: $office_name",
        (DOSSIER_CODE, PROCEDURE_NAME, DUE_DATE, OFFICE_NAME),
    ),
    ZaloTemplate(
        "300107",
        "refused",
        "Từ chối tiếp nhận hồ sơ",
        "Hồ sơ $dossier_code không được tiếp nhận.\nThủ tục: $procedure_name\nLý do: $reason\nLiên hệ: $office_name",
        (DOSSIER_CODE, PROCEDURE_NAME, REASON, OFFICE_NAME),
    ),
    ZaloTemplate(
        "300108",
        "withdrawn",
        "Thông báo dừng giải quyết hồ sơ",
        "Hồ sơ $dossier_code dừng giải quyết vì Ông/Bà đã rút.\nThủ tục: $procedure_name\nTừ: $stopped_at\n"
        "Liên hệ: $office_name",
        (DOSSIER_CODE, PROCEDURE_NAME, STOPPED_AT, OFFICE_NAME),
    ),
    ZaloTemplate(
        "300109",
        "payment",
        "Yêu cầu thực hiện nghĩa vụ tài chính",
        "Hồ sơ $dossier_code cần thực hiện nghĩa vụ tài chính.\nThủ tục: $procedure_name\nSố tiền: $amount\n"
        "Liên hệ: $office_name",
        (DOSSIER_CODE, PROCEDURE_NAME, AMOUNT, OFFICE_NAME),
    ),
    ZaloTemplate(
        "300110",
        "halted",
        "Hồ sơ tạm dừng xử lý",
        "Hồ sơ $dossier_code tạm dừng xử lý.\nThủ tục: $procedure_name\nLý do: $reason\nLiên hệ: $office_name",
        (DOSSIER_CODE, PROCEDURE_NAME, REASON, OFFICE_NAME),
    ),
    ZaloTemplate(
        "300111",
        "due_changed",
        "Ngày hẹn trả kết quả mới",
        "Hồ sơ $dossier_code có ngày hẹn trả kết quả mới.\nThủ tục: $procedure_name\nHẹn trả kết quả: $due_date\n"
        "Liên hệ: $office_name",
        (DOSSIER_CODE, PROCEDURE_NAME, DUE_DATE, OFFICE_NAME),
    ),
    ZaloTemplate(
        "300112",
        "terminated",
        "Thông báo dừng giải quyết hồ sơ theo quyết định",
        "Hồ sơ $dossier_code dừng giải quyết theo quyết định của cơ quan.\nThủ tục: $procedure_name\n"
        "Từ: $stopped_at\nMời nhận thông báo tại: $office_name",
        (DOSSIER_CODE, PROCEDURE_NAME, STOPPED_AT, OFFICE_NAME),
    ),
    ZaloTemplate(
        "300113",
        "due_soon",
        "Hồ sơ sắp đến hạn xử lý",
        "Hồ sơ $dossier_code sắp đến hạn xử lý.\nThủ tục: $procedure_name\nHạn xử lý: $due_date\n"
        "Nơi tiếp nhận: $office_name",
        (DOSSIER_CODE, PROCEDURE_NAME, DUE_DATE, OFFICE_NAME),
    ),
    ZaloTemplate(
        "300114",
        "overdue",
        "Hồ sơ quá hạn hoặc chờ quá lâu",
        "Hồ sơ $dossier_code quá hạn hoặc chờ trả lời quá lâu.\nThủ tục: $procedure_name\nHạn xử lý: $due_date\n"
        "Nơi tiếp nhận: $office_name",
        (DOSSIER_CODE, PROCEDURE_NAME, OVERDUE_SINCE, OFFICE_NAME),
    ),
)

# A customer-care text must match a registered template, else 146 (eSMS: Brandname CSKH). A text passes when it
# begins with one of the prefixes, whatever the case, or matches one of the patterns from its first character.
SMS_PREFIXES: tuple[str, ...] = ("MOTCUA", "[MOTCUA]", "Mot cua", "Một cửa")
SMS_PATTERNS: tuple[str, ...] = (r"(Ho so|Hồ sơ) \S+ ", r"Xin (loi|lỗi) (vi ho so|vì hồ sơ) \S+ ")


class TemplateShelf:
    """The templates as they stand now: a person at the vendor may disable one in the middle of a campaign."""

    def __init__(self, *, night_block: bool) -> None:
        self._night_block = night_block
        self._templates: dict[str, ZaloTemplate] = {}
        self.reset()

    def reset(self) -> None:
        """Return every template to the state it was registered in."""
        self._templates = {one.template_id: replace(one, night_block=self._night_block) for one in ZALO_TEMPLATES}

    def find(self, template_id: str) -> ZaloTemplate | None:
        """Return a template that was not deleted."""
        template = self._templates.get(template_id)
        return None if template is None or template.status == "DELETE" else template

    def any_state(self, template_id: str) -> ZaloTemplate | None:
        """Return a template, deleted or not."""
        return self._templates.get(template_id)

    def put(self, template: ZaloTemplate) -> None:
        """Store the new state of a template."""
        self._templates[template.template_id] = template

    def all(self) -> list[ZaloTemplate]:
        """Return every template that was not deleted, in the order of the ids."""
        return [one for one in self._templates.values() if one.status != "DELETE"]
