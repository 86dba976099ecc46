"""HTTP in: the delivery log, and having a notice sent again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Header, Query
from pydantic import BaseModel, ConfigDict, Field

from contracts.problems import Invalid
from contracts.types import Moment, NoticeChannel, NoticeKind, ReasonCode, Reference, UnitCode
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.http import CallerDep
from services.kit.mongo import Mongo
from services.notify.commands.resend_notice import ResendNotice
from services.notify.domain.transitions import State
from services.notify.queries.notice_by_id import notice_by_id
from services.notify.queries.notice_log import LogPage, Wish, counters_of, notice_log
from services.notify.queries.notice_view import NoticeView

USUAL = timedelta(days=31)
LONGEST = timedelta(days=92)
AHEAD = timedelta(minutes=1)
"""Clocks of two machines apart."""
CodePrefix = Annotated[str, Query(pattern=r"^[0-9A-Z.\-]{1,48}$", description="Các ký tự đầu của mã hồ sơ")]
Provider = Annotated[str, Query(pattern=r"^[a-z0-9]{1,20}$", description="Cổng gửi tin: zalo, esms, …")]
Limit = Annotated[int, Query(ge=1, le=200)]
IdempotencyKey = Annotated[str | None, Header(min_length=8, max_length=100)]
_DAY_OF_CODE = re.compile(r"-([0-9]{2})([0-9]{2})([0-9]{2})-")
_NUMBER = re.compile(r"(?:[0-9][ .\-]?){8}")


class ResendIn(BaseModel):
    """Why it is sent again."""

    model_config = ConfigDict(extra="forbid")

    reason: ReasonCode = Field(description="Mã lý do, ví dụ citizen-asked, not-received, gateway-recovered")
    note: str = Field(default="", max_length=200, description="Ghi chú, không ghi số điện thoại hay giấy tờ")


@dataclass
class NoticeLog:
    """The routes; every one needs a key."""

    mongo: Mongo
    committer: Committer
    now: Now
    lifetime: timedelta

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/v1", tags=["notices"])
        router.add_api_route("/notices", self.log, methods=["GET"])
        router.add_api_route("/notices/{id}/resend", self.resend, methods=["POST"], status_code=201)
        return router

    async def log(
        self,
        caller: CallerDep,
        counter: UnitCode | None = None,
        state: Annotated[list[State] | None, Query(max_length=9)] = None,
        kind: NoticeKind | None = None,
        channel: NoticeChannel | None = None,
        provider: Provider | None = None,
        code: CodePrefix | None = None,
        reason: ReasonCode | None = None,
        since: Annotated[Moment | None, Query(alias="from")] = None,
        until: Annotated[Moment | None, Query(alias="to")] = None,
        after: Annotated[str | None, Query(max_length=140)] = None,
        limit: Limit = 100,
    ) -> LogPage:
        """Nhật ký gửi thông báo, mới nhất trước, phân trang ổn định; không có `from` thì 31 ngày gần nhất."""
        counters = counters_of(caller, counter)
        since, until = period_of(since, until, code, self.now())
        states = tuple(state or ())
        return await notice_log(
            self.mongo,
            Wish(since, until, counters, states, kind, channel, provider, code, reason, after, limit),
        )

    async def resend(
        self, id: Reference, body: ResendIn, caller: CallerDep, idempotency_key: IdempotencyKey = None
    ) -> NoticeView:
        """Gửi lại một thông báo đã kết thúc; cùng Idempotency-Key và cùng nội dung thì chỉ gửi một lần."""
        if idempotency_key is None:
            raise Invalid("idempotency-key-missing", "Cần tiêu đề Idempotency-Key để gửi lại an toàn khi mất mạng.")
        decision = ResendNotice(id, caller, body.reason, checked_note(body.note), idempotency_key, self.lifetime)
        return await notice_by_id(self.mongo, await self.committer.run(decision), caller)


def checked_note(note: str) -> str:
    """Raises: Invalid `note-personal`."""
    if _NUMBER.search(note):
        raise Invalid("note-personal", "Ghi chú không được có số điện thoại hay số giấy tờ.")
    return note.strip()


def period_of(
    since: datetime | None, until: datetime | None, code: str | None, now: datetime
) -> tuple[datetime, datetime]:
    """Which moments a question is about, where it leaves them open. Raises: Invalid `period-…`."""
    until = until or now + AHEAD
    if since is None:
        # No notice is older than its dossier.
        made = _day_of(code)
        since = max(made, until - LONGEST) if made is not None and made < until else until - USUAL
    if since >= until:
        raise Invalid("period-reversed", "Thời điểm đầu (from) phải trước thời điểm cuối (to).")
    if until - since > LONGEST:
        raise Invalid("period-too-long", f"Nhật ký xem tối đa {LONGEST.days} ngày.", longest_days=LONGEST.days)
    return since, until


def _day_of(code: str | None) -> datetime | None:
    found = _DAY_OF_CODE.search(code or "")
    if found is None:
        return None
    year, month, day = map(int, found.groups())
    try:
        made = date(2000 + year, month, day)
    except ValueError:
        return None
    return datetime(made.year, made.month, made.day, tzinfo=UTC) - timedelta(days=1)
