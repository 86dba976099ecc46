"""Pages: what was sent, by state and dossier; one notice with its whole story; sending it again."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from contracts.problems import Conflict, Invalid, Missing
from contracts.types import DOSSIER_CODE_PATTERN, ReasonCode
from services.kit.commit import Committer
from services.kit.web.console.frame import ACT, PATH, READ, ROWS, Console, Tab, after, asked, asked_id, paging
from services.kit.web.console.words import WORDS
from services.kit.web.forms import Form
from services.kit.web.visit import Visit, VisitDep
from services.notify.commands.resend_notice import ResendNotice
from services.notify.domain.state_words import PROVIDER_WORDS, RESEND_WORDS, STATE_WORDS
from services.notify.domain.transitions import FINAL, State
from services.notify.http_log import checked_note, period_of
from services.notify.queries.dossier_notices import dossier_notices
from services.notify.queries.notice_by_id import notice_by_id
from services.notify.queries.notice_log import LogPage, Wish, notice_log

NOTICES_PATH = f"{PATH}/thong-bao"
CODE, UNIT = r"[0-9A-Z.\-]{1,48}", r"[0-9A-Z.]{1,40}"
KINDS = {
    State.DELIVERED: "good",
    State.UNDELIVERABLE: "bad",
    State.FAILED: "bad",
    State.EXPIRED: "bad",
    State.UNKNOWN: "warn",
}
"""The colour of a state."""


class ResendIn(BaseModel):
    """Which notice, and why."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(default="", max_length=200)
    reason: ReasonCode
    note: str = Field(default="", max_length=200)


def notice_path(id: str) -> str:
    """The page of one notice."""
    return f"{NOTICES_PATH}/mot?id={quote(id, safe='')}"


def notice_pages(console: Console, committer: Committer, lifetime: timedelta) -> None:
    """Add them."""
    pages, mongo = console.pages, console.mongo
    console.tabs.append(Tab("Thông báo", NOTICES_PATH))

    @pages.get("/thong-bao", READ, nav="Thông báo đã gửi", hint="Theo trạng thái, theo mã hồ sơ; gửi lại")
    async def log(visit: VisitDep) -> Response:
        state, code = asked(visit, "trang-thai"), asked(visit, "ma", CODE)
        counter = asked(visit, "quay", UNIT)
        state = state if state in tuple(State) else None
        keep = {"trang-thai": state, "ma": code, "quay": counter}
        try:
            found, said = await _found(console, committer, visit, state, code, counter), ""
        except Missing as missing:
            found, said = LogPage(notices=[], next=None), missing.message
        return console.page(
            visit, "notices.html", notices=found.notices, said=said, words=WORDS, states=STATE_WORDS, kinds=KINDS,
            wish=Form({name: [value or ""] for name, value in keep.items()}), notice_path=notice_path,
            links=paging(visit, found.next, **keep),
        )  # fmt: skip

    async def shown(visit: Visit, id: str, form: Form[Any], status: int = 200) -> Response:
        notice = await notice_by_id(mongo, id, visit.caller)
        return console.page(
            visit, "notice.html", status, notice=notice, form=form, words=WORDS, kinds=KINDS, providers=PROVIDER_WORDS,
            reasons=RESEND_WORDS, final=notice.state in FINAL, notices_path=NOTICES_PATH, notice_path=notice_path,
        )  # fmt: skip

    @pages.get("/thong-bao/mot", READ)
    async def one(visit: VisitDep) -> Response:
        return await shown(visit, asked_id(visit), visit.blank())

    @pages.post("/thong-bao/gui-lai", ACT)
    async def resend(visit: VisitDep) -> Response:
        form = visit.read(ResendIn)
        wish = form.value
        if wish is None:
            return await shown(visit, visit.typed.first("id"), form, 422)
        try:
            note = checked_note(wish.note)
            decision = ResendNotice(wish.id, visit.caller, wish.reason, note, f"page-{visit.form_key}", lifetime)
            id = await committer.run(decision)
        except (Invalid, Conflict) as refusal:
            return await shown(visit, wish.id, form.refused(refusal, {"note-personal": "note"}), 422)
        return await visit.go(notice_path(id), "Đã xếp hàng gửi lại. Trang này cho biết đã đến máy hay chưa.")


async def _found(
    console: Console, committer: Committer, visit: Visit, state: str | None, code: str | None, counter: str | None
) -> LogPage:
    """By a whole code everything of that dossier, else a page of the log. Raises: Missing `dossier-unknown`."""
    if code is not None and re.fullmatch(DOSSIER_CODE_PATTERN, code):
        found = await dossier_notices(console.mongo, code, visit.caller)
        return LogPage(notices=[one for one in reversed(found.notices) if state in (None, one.state)], next=None)
    since, until = period_of(None, None, code, committer.now())
    wish = Wish(
        since, until, (counter,) if counter else (), (State(state),) if state else (), code=code, after=after(visit),
        limit=ROWS,
    )  # fmt: skip
    return await notice_log(console.mongo, wish)
