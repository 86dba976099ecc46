"""What a citizen sees of a dossier (tra cứu): code and the last four digits of the phone."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from contracts.problems import Denied, Refused
from contracts.types import NoticeChannel, NoticeKind, Timeliness
from services.intake.domain.dossier import ENDED, PORTAL_STATUS, Dossier, Status, TimelineEntry
from services.intake.domain.informed import Informed, Told
from services.intake.store import DOSSIERS, INFORMED
from services.kit.clock import VIETNAM
from services.kit.mongo import Mongo

STATUS_WORDS: Mapping[Status, str] = {
    Status.REGISTERED: "Đã nộp trực tuyến, chờ cán bộ tiếp nhận",
    Status.RECEIVED: "Đã tiếp nhận",
    Status.REFUSED: "Không được tiếp nhận",
    Status.IN_PROCESS: "Đang giải quyết",
    Status.SUPPLEMENT: "Chờ ông/bà bổ sung giấy tờ",
    Status.PAYMENT: "Chờ ông/bà thực hiện nghĩa vụ tài chính",
    Status.WITHDRAWN: "Ông/bà đã rút hồ sơ",
    Status.HALTED: "Dừng xử lý",
    Status.RESOLVED: "Đã có kết quả, mời ông/bà đến nhận",
    Status.RETURNED: "Đã trả kết quả",
}
ENTRY_WORDS: Mapping[str, str] = {
    "submitted": "Bộ phận Một cửa tiếp nhận hồ sơ",
    "transferred": "Chuyển đến cơ quan giải quyết",
    "transfer-accepted": "Cơ quan giải quyết đã nhận hồ sơ",
    "transfer-declined": "Cơ quan trả lại để chuyển đúng nơi giải quyết",
    "supplement-requested": "Yêu cầu bổ sung giấy tờ; thời hạn tạm dừng",
    "supplemented": "Đã bổ sung đủ; thời hạn tính lại từ đầu",
    "payment-requested": "Yêu cầu thực hiện nghĩa vụ tài chính",
    "halted": "Dừng xử lý",
    "due-soon": "Sắp đến hạn trả kết quả",
    "overdue": "Quá hạn trả kết quả",
    "extended": "Xin lỗi và hẹn lại ngày trả kết quả",
    "resolved": "Đã có kết quả",
    "returned": "Đã trả kết quả",
}
NOTICE_WORDS: Mapping[NoticeKind, str] = {
    NoticeKind.RECEIVED: "đã tiếp nhận hồ sơ",
    NoticeKind.SUPPLEMENT: "cần bổ sung giấy tờ",
    NoticeKind.EXTENDED: "xin lỗi và hẹn lại",
    NoticeKind.RESOLVED: "đã có kết quả",
    NoticeKind.RETURNED: "đã trả kết quả",
}
CHANNEL_WORDS = {NoticeChannel.ZALO: "Zalo", NoticeChannel.SMS: "tin nhắn SMS", NoticeChannel.CALL_LIST: "điện thoại"}
TIMELINESS_WORDS = {
    Timeliness.EARLY: "trước hạn",
    Timeliness.ON_TIME: "đúng hạn",
    Timeliness.LATE: "quá hạn",
}


class TooManyTries(Refused):
    """Wrong digits too often; HTTP 403."""

    kind = "denied"


@dataclass
class Tracking:
    """Tracking with a limit on wrong tries per dossier, so that four digits cannot be guessed."""

    mongo: Mongo
    attempts: str

    def __post_init__(self) -> None:
        self._limit: RateLimitItem = parse(self.attempts)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def track(self, code: str, phone_last4: str | None) -> dict[str, Any]:
        """By code alone only `finished` or not (TT 01/2018/TT-VPCP Art 16); with the digits the whole story.

        Raises:
            Denied `tracking-refused`: no such dossier, or other digits; the same answer for both.
            TooManyTries `too-many-tries`.
        """
        if phone_last4 is None:
            dossier = await DOSSIERS.read(self.mongo, code)
            return {"code": code, "finished": dossier is not None and dossier.status in ENDED}
        await self._may_try(code)
        dossier = await DOSSIERS.read(self.mongo, code)
        # Again, now that nothing is awaited before the wrong try counts: guesses sent all at once pass the first time.
        await self._may_try(code)
        phone = dossier.applicant.phone if dossier else None
        right = hmac.compare_digest((phone or "----")[-4:], phone_last4)
        if dossier is None or not right:
            await self._limiter.hit(self._limit, code)
            raise Denied("tracking-refused", "Mã hồ sơ hoặc 4 số cuối điện thoại chưa đúng.")
        return story(dossier, await INFORMED.read(self.mongo, code))

    async def _may_try(self, code: str) -> None:
        if not await self._limiter.test(self._limit, code):
            raise TooManyTries("too-many-tries", "Đã nhập sai nhiều lần. Hãy thử lại sau 15 phút.")


def story(dossier: Dossier, informed: Informed | None = None) -> dict[str, Any]:
    """The dossier in the citizen's words; holds no name, number or address."""
    return {
        "code": dossier.code,
        "procedure": dossier.procedure_name,
        "status": dossier.status.value,
        "status_code": PORTAL_STATUS[dossier.status],
        "status_text": STATUS_WORDS[dossier.status],
        "finished": dossier.status in ENDED,
        "received_at": dossier.received_at,
        "due_at": dossier.due_at,
        "due_text": vietnam_time(dossier.due_at),
        "due_explained": dossier.due_explained,
        "first_due_at": dossier.first_due_at,
        "timeliness": dossier.timeliness,
        "timeliness_text": TIMELINESS_WORDS[dossier.timeliness] if dossier.timeliness else None,
        "timeline": [_line(entry) for entry in sorted(dossier.timeline, key=lambda entry: entry.at)],
        "informed": [
            {
                "kind": told.kind.value,
                "channel": told.channel.value,
                "at": told.at,
                "delivered": told.delivered,
                "text": _told(told),
            }
            for told in sorted(informed.told if informed else (), key=lambda told: told.at)
        ],
    }


def _line(entry: TimelineEntry) -> dict[str, Any]:
    line: dict[str, Any] = {"at": entry.at, "kind": entry.kind, "text": ENTRY_WORDS.get(entry.kind, entry.kind)}
    if entry.agency:
        line["agency"] = entry.agency
    if entry.items:
        line["items"] = list(entry.items)
    if entry.reason:
        line["reason"] = entry.reason
    if entry.due_at:
        line["due_at"] = entry.due_at
    return line


def _told(told: Told) -> str:
    return f"Đã báo {NOTICE_WORDS[told.kind]} lúc {vietnam_time(told.at)} qua {CHANNEL_WORDS[told.channel]}"


def vietnam_time(moment: datetime) -> str:
    """As printed on forms: 16:30 ngày 25/11/2026."""
    return f"{moment.astimezone(VIETNAM):%H:%M ngày %d/%m/%Y}"
