"""What operators did by hand, at a terminal: the log, and what the commands about parked keys and letters share."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any, Literal

import orjson
from cyclopts import App
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contracts.problems import Invalid
from motcua.install import SERVICES
from motcua.progress import bar
from motcua.settings import CliSettings
from services.kit import logs
from services.kit.clock import VIETNAM, Now
from services.kit.mongo import Mongo
from services.kit.mongo.driver import PyMongoError
from services.kit.operations import queries
from services.kit.operations.operation import (
    OPERATIONS,
    Acting,
    Command,
    OperationState,
    account_acting,
    entry,
    note,
    requested,
)
from services.kit.operations.queries import LogWish, Row

Service = Literal["intake", "routing", "notify"]
WAIT_S = 60.0
LOOK_S = 0.2
COMMANDS: Mapping[str, str] = {
    Command.PARKED_READ: "xem bản ghi đang chờ",
    Command.PARKED_RETRY: "thử lại khóa",
    Command.PARKED_SKIP: "bỏ bản ghi đứng đầu",
    Command.LETTER_READ: "xem thư chết",
    Command.LETTER_REPLAY: "làm lại thư chết",
    Command.LETTER_EDIT: "sửa thư chết",
    Command.LETTER_CLOSE: "đóng thư chết",
    Command.LETTER_REOPEN: "mở lại thư chết",
    Command.CONSUMER_PAUSE: "tạm dừng bộ đọc",
    Command.CONSUMER_RESUME: "cho bộ đọc chạy tiếp",
    Command.REBUILD: "dựng lại bảng đọc",
    Command.REPUBLISH: "gửi lại nhật ký sự kiện",
}
STATES: Mapping[str, str] = {
    OperationState.REQUESTED: "[yellow]chưa làm tới[/yellow]",
    OperationState.WAITING: "[yellow]đang chờ[/yellow]",
    OperationState.DONE: "[green]xong[/green]",
    OperationState.REFUSED: "[red]bị từ chối[/red]",
}
OUTCOMES: Mapping[str, str] = {
    "applied": "đã làm, có hiệu lực",
    "nothing-to-do": "phần mềm này không làm gì với loại tin đó",
    "refused": "lại bị từ chối, thư vẫn mở",
    "waits": "chờ một việc chưa đến",
    "behind": "xếp sau các bản ghi đang chờ của cùng khóa",
    "skipped": "đã bỏ qua, thành thư chết",
    "empty": "không còn gì chờ",
    "still-parked": "đã thử, vẫn bị giữ",
    "running": "đang chạy, hoặc bị ngắt giữa chừng",
    "finished": "đã xong",
    "stopped": "dừng giữa chừng; chạy lại để làm tiếp",
}
SETTLED = frozenset({"applied", "nothing-to-do", "skipped", "empty"})

app = App(name="operations", help="Nhật ký thao tác của người vận hành với hồ sơ bị giữ và thư chết.")
out = Console()


@app.command(name="log")
async def log_command(
    *,
    service: Service | None = None,
    subject: str | None = None,
    command: Command | None = None,
    state: OperationState | None = None,
    limit: int = 50,
    json: bool = False,
) -> None:
    """Nhật ký thao tác, mới nhất trước: ai, lúc nào, làm gì, vì sao, kết quả.

    Parameters
    ----------
    service
        Chỉ một dịch vụ; mặc định là cả ba.
    subject
        Chỉ các thao tác với khóa hoặc thư này.
    command
        Chỉ loại thao tác này.
    state
        Chỉ trạng thái này.
    limit
        Nhiều nhất mỗi dịch vụ bao nhiêu dòng.
    json
        In kết quả dạng JSON.
    """
    found: list[tuple[str, Row]] = []
    for name in services_of(service):
        async with database(name) as (mongo, _):
            page = await queries.operations(mongo, LogWish(subject, command, state, None, limit))
            found += ((name, row) for row in page.rows)
    found.sort(key=lambda pair: pair[1]["id"], reverse=True)
    if json:
        print_json([{"service": name, **row} for name, row in found])
    else:
        show_operations(out, found)


def services_of(service: Service | None) -> Sequence[str]:
    return SERVICES if service is None else (service,)


def service_of(id: str, service: Service | None) -> str:
    """Whose key or letter this is: ids begin with the consumer group, which is the service's name.

    Raises: Invalid `service-unknown`.
    """
    found = service or id.replace("|", "/", 1).partition("/")[0]
    if found not in SERVICES:
        raise Invalid("service-unknown", f"Không rõ dịch vụ nào có mã {id}; hãy thêm --service.")
    return found


@asynccontextmanager
async def database(service: str) -> AsyncIterator[tuple[Mongo, Now]]:
    """A service's database that answers, and the clock of the house."""
    logs.configure("motcua", "ERROR")
    settings = CliSettings()
    mongo = settings.mongo(service)
    try:
        await mongo.ping()
        yield mongo, settings.clock().now
    finally:
        await mongo.close()


def terminal_acting(by: str | None, reason: str | None) -> Acting:
    """Who types a command that scripts run too: nobody need be named then, and the account of the system stands there.

    Raises: Invalid `account-malformed`, `reason-missing`, `reason-personal`.
    """
    try:
        login = getpass.getuser()
    except (KeyError, ImportError, OSError):  # a container may run under a number that has no name
        login = f"uid-{os.getuid()}"
    return account_acting(by or login, reason or "không nêu lý do")


@asynccontextmanager
async def noted(
    mongo: Mongo, now: Now, command: Command, subject: str, acting: Acting, **details: Any
) -> AsyncIterator[dict[str, Any]]:
    """A command that does its work here: in the log before it begins, and with what came of it at the end.

    Yields: the numbers to be noted, for the caller to fill.
    """
    operation = requested(entry(command, subject, acting, now(), **details), outcome="running")
    await mongo.collection(OPERATIONS).insert_one(operation)
    numbers: dict[str, Any] = {}
    outcome = "stopped"
    try:
        yield numbers
        outcome = "finished"
    finally:
        with suppress(PyMongoError):
            query = {"_id": operation["_id"]}
            await note(mongo, None, query, OperationState.DONE, now(), outcome=outcome, **numbers)


async def carried_out(mongo: Mongo, ids: Sequence[str], seconds: float = WAIT_S) -> list[Row]:
    """Wait until the worker has come to these operations, with a progress bar; the order of the ids."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    found: dict[str, Row] = {}
    with bar("Chờ tiến trình worker làm", len(ids)) as advance:
        while True:
            for id in ids:
                if id not in found or not _ended(found[id]):
                    found[id] = await queries.operation(mongo, id)
                    advance(int(_ended(found[id])))
            if all(map(_ended, found.values())) or loop.time() > until:
                return [found[id] for id in ids]
            await asyncio.sleep(LOOK_S)


def _ended(operation: Row) -> bool:
    return operation["ended_at"] is not None or operation["result"].get("outcome") == "waits"


async def finish(mongo: Mongo, service: str, operations: Sequence[Row], *, wait: bool, json: bool = False) -> None:
    """Wait for operations if wanted, show them, and exit: 1 when one of them did not come to its good end."""
    rows = [queries.shown(operation) for operation in operations]
    if wait and rows:
        rows = await carried_out(mongo, [row["id"] for row in rows])
    if json:
        print_json([{"service": service, **row} for row in rows])
    else:
        show_operations(out, [(service, row) for row in rows])
    if wait and any(row["result"].get("outcome") not in SETTLED for row in rows):
        if any(row["state"] == OperationState.REQUESTED for row in rows):
            out.print("Worker chưa làm tới: nó có đang chạy không (lease_held)? Yêu cầu đã lưu và sẽ được làm một lần.")
        sys.exit(1)


def show_operations(console: Console, found: Sequence[tuple[str, Row]]) -> None:
    """A table of operations."""
    if not found:
        console.print("Chưa có thao tác nào.")
        return
    table = Table()
    for column in ("Lúc", "Dịch vụ", "Ai", "Thao tác", "Với", "Vì sao", "Trạng thái", "Kết quả", "Mã"):
        table.add_column(column, overflow="fold")
    for service, row in found:
        who = f"{row['by']} ({row['label']})" if row["label"] else row["by"]
        cells = (local(row["at"]), service, who, COMMANDS.get(row["command"], row["command"]), row["subject"])
        words = [escape(cell) for cell in (*cells, row["reason"])]
        table.add_row(*words, STATES.get(row["state"], row["state"]), escape(result_words(row)), row["id"])
    console.print(table)


def result_words(operation: Row) -> str:
    """What came of it, in words, with its slug."""
    result, details = operation["result"], operation["details"]
    if "changed" in details:
        return f"bản sửa {details['edit']}: {', '.join(details['changed'])}"
    outcome = result.get("outcome")
    if outcome is None:
        return ""
    words = OUTCOMES.get(outcome, outcome)
    return f"{words} ({result['slug']})" if "slug" in result else words


def show_facts(console: Console, facts: Mapping[str, Any]) -> None:
    """Names and values of one thing."""
    table = Table(show_header=False)
    for name, value in facts.items():
        shown = local(value) if isinstance(value, datetime) else "" if value is None else str(value)
        table.add_row(name, escape(shown))
    console.print(table)


def print_json(value: object) -> None:
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")


def local(moment: datetime) -> str:
    """As people here read it."""
    return f"{moment.astimezone(VIETNAM):%d/%m/%Y %H:%M:%S}"
