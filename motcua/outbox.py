"""What waits to be sent to Kafka, at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import orjson
from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from contracts.topics import CONSUMERS
from motcua.durations import shown_age
from motcua.settings import CliSettings
from services.kit.outbox_depth import MOST, Depth, outbox_depth

outbox = App(name="outbox", help="Sự kiện đang chờ gửi lên Kafka: bao nhiêu, chờ lâu nhất, theo topic.")
out = Console()


@outbox.default
async def outbox_command(
    *,
    service: Annotated[str | None, Parameter(name="--service")] = None,
    most: int = MOST,
    json: bool = False,
    fail_over: int | None = None,
    fail_older_s: float | None = None,
) -> None:
    """Sự kiện đang chờ gửi lên Kafka. Chỉ đọc. Mã thoát 1 khi quá một ngưỡng.

    Parameters
    ----------
    service
        Chỉ một dịch vụ: intake, routing hoặc notify.
    most
        Đếm nhiều nhất bấy nhiêu lô sự kiện của mỗi dịch vụ.
    json
        In kết quả dạng JSON.
    fail_over
        Mã thoát 1 khi một dịch vụ có quá số sự kiện này đang chờ.
    fail_older_s
        Mã thoát 1 khi có sự kiện chờ lâu hơn số giây này.
    """
    settings = CliSettings()
    depths = {}
    for name in CONSUMERS:
        if service in (None, name):
            mongo = settings.mongo(name)
            depths[name] = await outbox_depth(mongo, most)
            await mongo.close()
    now = settings.clock().now()
    if json:
        sys.stdout.buffer.write(orjson.dumps(as_data(depths, now), option=orjson.OPT_INDENT_2) + b"\n")
    else:
        show(out, depths, now)
    too_many = fail_over is not None and any(depth.events > fail_over for depth in depths.values())
    too_old = fail_older_s is not None and any(_age(depth.oldest, now) > fail_older_s for depth in depths.values())
    sys.exit(1 if too_many or too_old else 0)


def as_data(depths: Mapping[str, Depth], now: datetime) -> list[dict[str, Any]]:
    """JSON values, by service."""
    return [
        {
            "service": name,
            "events": depth.events,
            "documents": depth.documents,
            "more": not depth.whole,
            "oldest_s": round(_age(depth.oldest, now), 1),
            "topics": {
                topic: {"events": one.events, "oldest_s": round(_age(one.oldest, now), 1)}
                for topic, one in depth.topics.items()
            },
        }
        for name, depth in depths.items()
    ]


def show(console: Console, depths: Mapping[str, Depth], now: datetime) -> None:
    """A table by service and topic."""
    table = Table()
    for column in ("Dịch vụ", "Topic", "Sự kiện chờ gửi", "Cũ nhất"):
        table.add_column(column, justify="left" if column in ("Dịch vụ", "Topic") else "right")
    for name, depth in depths.items():
        least = "" if depth.whole else "≥ "
        for topic, one in depth.topics.items():
            table.add_row(name, topic, f"{least}{one.events}", shown_age(_age(one.oldest, now)))
        if not depth.topics:
            table.add_row(name, "", "0", "-")
    console.print(table)


def _age(oldest: datetime | None, now: datetime) -> float:
    return 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())
