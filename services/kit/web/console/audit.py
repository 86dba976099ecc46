"""Page: what operators did by hand, newest first."""

from __future__ import annotations

from fastapi import Response

from services.kit.operations import queries
from services.kit.operations.operation import Command, OperationState
from services.kit.web.console.frame import PATH, READ, ROWS, Console, Tab, asked, paging
from services.kit.web.console.words import WORDS
from services.kit.web.forms import Form
from services.kit.web.visit import VisitDep

AUDIT_PATH = f"{PATH}/nhat-ky"


def audit_pages(console: Console) -> None:
    """Add it."""
    console.tabs.append(Tab("Nhật ký thao tác", AUDIT_PATH))

    @console.pages.get("/nhat-ky", READ)
    async def log(visit: VisitDep) -> Response:
        command, state = asked(visit, "viec"), asked(visit, "trang-thai")
        command = command if command in tuple(Command) else None
        state = state if state in tuple(OperationState) else None
        wish = queries.LogWish(
            command=Command(command) if command else None,
            state=OperationState(state) if state else None,
            after=asked(visit, "sau", r"[0-9a-f-]{36}"),
            limit=ROWS,
        )
        found = await queries.operations(console.mongo, wish)
        keep = {"viec": command, "trang-thai": state}
        return console.page(
            visit, "console_audit.html", rows=found.rows, words=WORDS,
            wish=Form({name: [value or ""] for name, value in keep.items()}), links=paging(visit, found.next, **keep),
        )  # fmt: skip
