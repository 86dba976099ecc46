"""How far each consumer is, and what waits to be sent: read from MongoDB and Kafka, at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from contracts.topics import CONSUMERS
from motcua.durations import shown_age
from motcua.settings import CliSettings
from services.kit import logs
from services.kit.consumer_view import GroupView, group_view, partitions_of
from services.kit.kafka import LogEnds, Partition, committed_offsets, log_ends
from services.kit.mongo import Mongo

lag = App(name="lag", help="Bộ đọc Kafka còn bao nhiêu bản ghi chưa áp dụng, theo dịch vụ, topic, phân vùng.")
out = Console()


@dataclass(frozen=True)
class Row:
    """One partition of one group."""

    group: str
    topic: str
    partition: int
    next: int
    """The next offset to apply, by the fence in MongoDB."""
    end: int
    committed: int | None
    """What Kafka believes; a hint."""
    lag: int
    oldest_s: float | None
    """Age of the first record that is not applied."""
    worker: str | None


@lag.default
async def lag_command(
    *,
    service: Annotated[str | None, Parameter(name="--service")] = None,
    partitions: bool = False,
    json: bool = False,
    fail_over: int | None = None,
) -> None:
    """Bộ đọc Kafka còn bao nhiêu bản ghi chưa áp dụng. Chỉ đọc. Mã thoát 1 khi quá --fail-over.

    Parameters
    ----------
    service
        Chỉ một dịch vụ: intake, routing hoặc notify.
    partitions
        In từng phân vùng, không gộp theo topic.
    json
        In kết quả dạng JSON, luôn theo từng phân vùng.
    fail_over
        Mã thoát 1 khi một bộ đọc còn quá số bản ghi này.
    """
    logs.configure("motcua", "CRITICAL")
    settings = CliSettings()
    groups = [group for group in CONSUMERS if service in (None, group)]
    databases = {group: settings.mongo(group) for group in groups}
    views = [await group_view(mongo, group) for group, mongo in databases.items()]
    await _close(databases)
    rows = await read_lag(settings.kafka.bootstrap, views)
    if json:
        sys.stdout.buffer.write(orjson.dumps(as_data(views, rows), option=orjson.OPT_INDENT_2) + b"\n")
    else:
        show(out, views, rows, each=partitions)
    worst = max((sum(row.lag for row in rows if row.group == view.group) for view in views), default=0)
    sys.exit(1 if fail_over is not None and worst > fail_over else 0)


async def read_lag(bootstrap: str, views: Sequence[GroupView]) -> list[Row]:
    """Join what MongoDB and Kafka know. Raises: KafkaUnreachable."""
    committed = await committed_offsets(bootstrap, {view.group: partitions_of(view.group) for view in views})
    rows = []
    for view in views:
        topics = [topic.name for topic in CONSUMERS[view.group]]
        ends = await log_ends(bootstrap, topics, view.read_to)
        rows += [_row(view, place, ends.get(place), committed[view.group]) for place in partitions_of(view.group)]
    return rows


def _row(view: GroupView, place: Partition, ends: LogEnds | None, committed: Mapping[Partition, int]) -> Row:
    worker = view.holder(place)
    read_to = max(view.read_to.get(place, 0), ends.first if ends else 0)
    waiting = max(0, ends.end - read_to) if ends else 0
    oldest = None
    if ends is not None and ends.unread_since_ms is not None:
        oldest = max(0.0, datetime.now(UTC).timestamp() - ends.unread_since_ms / 1000)
    elif waiting and worker is not None and view.lag(place) == 0:
        waiting = 0  # nothing could be read there: compacted away, and the worker stands at the end
    said = committed.get(place)
    return Row(view.group, *place, read_to, ends.end if ends else 0, None if said in (None, -1) else said, waiting,
               None if oldest is None else round(oldest, 1), worker["_id"] if worker else None)  # fmt: skip


def as_data(views: Sequence[GroupView], rows: Sequence[Row]) -> list[dict[str, Any]]:
    """JSON values, by consumer."""
    return [
        {
            "consumer": view.group,
            "paused": None if view.held is None else {name: view.held[name] for name in ("by", "reason", "since")},
            "workers": len(view.workers),
            "lag": sum(row.lag for row in rows if row.group == view.group),
            "partitions": [_as_data(row) for row in rows if row.group == view.group],
        }
        for view in views
    ]


def _as_data(row: Row) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("topic", "partition", "next", "end", "committed", "lag", "oldest_s",
                                                  "worker")}  # fmt: skip


def show(console: Console, views: Sequence[GroupView], rows: Sequence[Row], *, each: bool) -> None:
    """A table, and what an operator must know beside it."""
    table = Table()
    for column in (
        "Bộ đọc",
        "Topic",
        "Phân vùng",
        "Đã áp dụng tới",
        "Cuối nhật ký",
        "Kafka ghi nhận",
        "Còn lại",
        "Cũ nhất",
    ):
        table.add_column(column, justify="left" if column in ("Bộ đọc", "Topic") else "right")
    for view in views:
        mine = [row for row in rows if row.group == view.group]
        for topic in dict.fromkeys(row.topic for row in mine):
            of_topic = [row for row in mine if row.topic == topic]
            for part in ([row] for row in of_topic) if each else (of_topic,):
                table.add_row(view.group, topic, *_cells(part, each=each))
    console.print(table)
    for view in views:
        console.print(_words(view), markup=False)


def _cells(part: Sequence[Row], *, each: bool) -> tuple[str, ...]:
    ages = [row.oldest_s for row in part if row.oldest_s is not None]
    committed = [row.committed for row in part if row.committed is not None]
    return (
        str(part[0].partition) if each else f"{len(part)}",
        str(sum(row.next for row in part)),
        str(sum(row.end for row in part)),
        str(sum(committed)) if committed else "-",
        str(sum(row.lag for row in part)),
        shown_age(max(ages)) if ages else "-",
    )


def _words(view: GroupView) -> str:
    words = f"{view.group}: {len(view.workers)} tiến trình đang chạy"
    nobody = sum(view.holder(place) is None for place in partitions_of(view.group))
    if nobody:
        words += f", {nobody} phân vùng không ai đọc"
    if view.held is not None:
        since = shown_age((datetime.now(UTC) - view.held["since"]).total_seconds())
        words += f"; ĐANG TẠM DỪNG từ {since} trước, do {view.held['by']}: {view.held['reason']}"
    return words + "."


async def _close(databases: Mapping[str, Mongo]) -> None:
    for mongo in databases.values():
        await mongo.close()
