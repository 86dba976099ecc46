"""Read models built anew from what is the truth, with a progress bar."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from cyclopts import App
from rich.console import Console
from rich.table import Table

from contracts.events import Message
from contracts.events.calendar import CalendarPublished
from contracts.problems import Missing
from motcua.operations import noted, terminal_acting
from motcua.progress import bar
from motcua.settings import CliSettings
from services.intake.rebuild_told import TOLD, rebuild_calendar, rebuild_told
from services.intake.store import STORES as INTAKE_STORES
from services.kit import logs
from services.kit.commit import Committer
from services.kit.mongo import Mongo
from services.kit.operations.operation import Acting, Command
from services.kit.outbox import OUTBOX
from services.kit.rebuilding import Progress, Rebuilt, journal, rebuild_derived, size
from services.kit.store import Store
from services.notify.store import STORES as NOTIFY_STORES
from services.routing.rebuild_transfers import rebuild_transfers
from services.routing.recount import recount
from services.routing.store import CASES, TRANSFERS
from services.routing.store import STORES as ROUTING_STORES

rebuild = App(name="rebuild", help="Dựng lại một bảng đọc từ dữ liệu gốc, cả khi hệ thống đang chạy.")
out = Console()


@dataclass(frozen=True)
class Place:
    """An installation's databases."""

    settings: CliSettings
    databases: Mapping[str, Mongo]

    def committer(self, service: str) -> Committer:
        return Committer(self.databases[service], f"/{service}", self.settings.clock().now)

    def journal(self, service: str, *types: type[Message]) -> Callable[[Progress], AsyncIterator[Message]]:
        return lambda progress: journal(self.databases[service], *types, progress=progress)


@dataclass(frozen=True)
class Model:
    """A read model and how it is built."""

    service: str
    """Whose read model it is."""
    words: str
    source: str
    """What it is built from."""
    total: Callable[[Place], Awaitable[int]]
    run: Callable[[Place, Progress], Awaitable[Rebuilt]]


def _sizes(*collections: tuple[str, str]) -> Callable[[Place], Awaitable[int]]:
    async def total(place: Place) -> int:
        return sum([await size(place.databases[service], name) for service, name in collections])

    return total


async def _statistics(place: Place, progress: Progress) -> Rebuilt:
    found = await recount(place.databases["routing"], place.settings.clock().now(), mend=True, progress=progress)
    return Rebuilt(found.cases, len(found.differences))


async def _inboxes(place: Place, progress: Progress) -> Rebuilt:
    return await rebuild_transfers(place.databases["routing"], place.settings.clock().now, progress)


async def _told(place: Place, progress: Progress) -> Rebuilt:
    return await rebuild_told(place.committer("intake"), place.journal("notify", *TOLD), progress)


async def _calendar(place: Place, progress: Progress) -> Rebuilt:
    return await rebuild_calendar(place.committer("intake"), place.journal("routing", CalendarPublished), progress)


async def _lookups(service: str, stores: Sequence[Store[Any]], place: Place, progress: Progress) -> Rebuilt:
    found = Rebuilt(0, 0)
    for store in stores:
        found += await rebuild_derived(place.databases[service], store, progress)
    return found


def _lookup_model(service: str, stores: Sequence[Store[Any]]) -> Model:
    derived = [store for store in stores if store.derived is not None]
    names = ", ".join(store.collection for store in derived)
    return Model(
        service,
        f"trường tra cứu của {service}: {names}",
        "chính các tài liệu đó",
        _sizes(*((service, store.collection) for store in derived)),
        partial(_lookups, service, derived),
    )


MODELS: Mapping[str, Model] = {
    "statistics": Model(
        "routing", "số liệu thống kê hồ sơ (routing)", "hồ sơ và nhật ký của routing",
        _sizes(("routing", CASES.collection), ("routing", OUTBOX)), _statistics,
    ),
    "inboxes": Model(
        "routing", "hộp việc của cơ quan (routing)", "hồ sơ của routing",
        _sizes(("routing", CASES.collection), ("routing", TRANSFERS)), _inboxes,
    ),
    "told": Model(
        "intake", "công dân đã được báo những gì (intake)", "nhật ký của notify", _sizes(("notify", OUTBOX)), _told,
    ),
    "calendar": Model(
        "intake", "lịch làm việc mà intake giữ", "nhật ký của routing", _sizes(("routing", OUTBOX)), _calendar
    ),
    "lookups-intake": _lookup_model("intake", INTAKE_STORES),
    "lookups-routing": _lookup_model("routing", ROUTING_STORES),
    "lookups-notify": _lookup_model("notify", NOTIFY_STORES),
}  # fmt: skip


@rebuild.default
async def rebuild_command(
    model: str | None = None, *, by: str | None = None, reason: str | None = None, list: bool = False
) -> None:
    """Dựng lại một bảng đọc: so với dữ liệu gốc, sửa chỗ lệch. Ctrl-C lúc nào cũng được; chạy lại không đổi gì.

    Ai dựng, vì sao và kết quả được ghi vào nhật ký thao tác.

    Parameters
    ----------
    model
        Tên bảng đọc, xem --list.
    by
        Tài khoản của người làm, không phải họ tên; mặc định là tài khoản đăng nhập máy này.
    reason
        Lý do dựng lại.
    list
        Liệt kê các bảng đọc và nguồn của chúng.
    """
    if list or model is None:
        _show(out)
        return
    if model not in MODELS:
        raise Missing("model-unknown", f"Không có bảng đọc nào tên {model}; xem motcua rebuild --list.")
    acting = terminal_acting(by, reason)
    logs.configure("motcua", "ERROR")
    settings = CliSettings()
    place = Place(settings, {service: settings.mongo(service) for service in ("intake", "routing", "notify")})
    try:
        found = await _noted_build(place, model, acting)
    except asyncio.CancelledError:
        out.print("Đã dừng giữa chừng; phần đã sửa vẫn đúng. Chạy lại lệnh này để làm tiếp.")
        raise
    finally:
        for mongo in place.databases.values():
            await mongo.close()
    out.print(f"{model}: đã xem {found.looked_at}, sửa {found.changed}.")
    sys.exit(0)


async def _noted_build(place: Place, name: str, acting: Acting) -> Rebuilt:
    model = MODELS[name]
    mongo = place.databases[model.service]
    async with noted(mongo, place.settings.clock().now, Command.REBUILD, f"model:{name}", acting) as numbers:
        found = await build(place, model)
        numbers |= {"looked_at": found.looked_at, "changed": found.changed}
    return found


async def build(place: Place, model: Model) -> Rebuilt:
    """Build one model with its bar. Raises: Stale, Unavailable."""
    for mongo in place.databases.values():
        await mongo.ping()
    with bar(f"Dựng lại {model.words}", await model.total(place)) as advance:
        return await model.run(place, advance)


def _show(console: Console) -> None:
    table = Table()
    for column in ("Tên", "Bảng đọc", "Dựng từ"):
        table.add_column(column)
    for name, model in MODELS.items():
        table.add_row(name, model.words, model.source)
    console.print(table)
