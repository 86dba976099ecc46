"""`python -m local.chaos`: what `make chaos` runs."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import orjson
from cyclopts import App, Parameter
from rich.console import Console
from rich.markup import escape

from contracts.problems import Invalid, Refused
from local.chaos.figures import Ladder, Storm
from local.chaos.installation import choose_engines, installed
from local.chaos.ladder import How, Outage, Wish, climb, rungs
from local.chaos.report import show_ladder, show_storm
from local.chaos.show import Show
from local.chaos.storm import Order, known, storm
from local.engines import EngineError
from local.supervisor import DidNotBecomeReady
from motcua.files import write_to

app = App(
    name="chaos",
    help="Làm hỏng hệ thống dưới tải rồi đối chiếu: không mất, không trùng, không kẹt.",
    suppress_keyboard_interrupt=False,
)
console = Console(stderr=True, highlight=False)
out = Console(highlight=False)
KAFKA_RUNGS, MONGODB_RUNGS = (10.0, 60.0, 300.0, 600.0), (10.0, 60.0)
STORM_RATE, LADDER_RATE = 5.0, 50.0
LADDER_TOLD = 0.2
INTERRUPTED = 130


@app.default
def chaos(
    *,
    minutes: Annotated[float, Parameter(env_var="MINUTES")] = 10.0,
    ladder: Annotated[str, Parameter(env_var="LADDER")] = "",
    mongodb: Annotated[str, Parameter(env_var="LADDER_MONGODB")] = "",
    outage: Annotated[float, Parameter(env_var="OUTAGE")] = 0.0,
    rate: Annotated[float, Parameter(env_var="RATE")] = 0.0,
    told: Annotated[float | None, Parameter(env_var="TOLD")] = None,
    seed: Annotated[int | None, Parameter(env_var="SEED")] = None,
    faults: Annotated[str, Parameter(env_var="FAULTS")] = "",
    away: Annotated[How, Parameter(env_var="AWAY")] = "kill",
    json: Annotated[Path | None, Parameter(env_var="JSON")] = None,
    keep: bool = False,
    names: bool = False,
) -> None:
    """Khởi động cả hệ thống trên cổng và thư mục riêng, cho người dân nộp hồ sơ, gây sự cố, rồi đối chiếu.

    Mã thoát 0 chỉ khi mất 0, trùng 0, kẹt 0; 1 khi không đạt; 2 khi lệnh sai; 130 khi bị dừng.

    Parameters
    ----------
    minutes
        Gây sự cố ngẫu nhiên trong bấy nhiêu phút.
    ladder
        Thang mất kết nối thay cho sự cố ngẫu nhiên: 1 là đủ các bậc (Kafka 10, 60, 300, 600 s; MongoDB 10, 60 s);
        hoặc các bậc của Kafka, ví dụ 10,60.
    mongodb
        Các bậc của MongoDB, ví dụ 10,60.
    outage
        Một lần Kafka vắng mặt dài, tính bằng giây.
    rate
        Số hồ sơ nộp mỗi giây; mặc định 5, với thang là 50.
    told
        Phần người dân muốn nhận thông báo, từ 0 đến 1; mặc định tất cả, với thang là 0,2.
    seed
        Hạt giống: lặp lại thứ tự sự cố của một lần chạy trước.
    faults
        Chỉ những sự cố này, cách nhau bằng dấu phẩy (xem --names).
    away
        Cách máy chủ vắng mặt: kill (SIGKILL và giữ không cho khởi động lại) hoặc cut (mạng bị cắt).
    json
        Ghi kết quả ra tệp JSON này.
    keep
        Giữ lại dữ liệu và nhật ký sau khi chạy.
    names
        Chỉ in tên các sự cố.
    """
    if names:
        for fault in known():
            out.print(f"{fault.name:28} {escape(fault.words)}")
        return
    if json is not None:
        write_to(json, b"")  # said now, not after an hour, when it cannot be written
    show = Show(console)
    steps = _outages(ladder, mongodb, outage)
    if steps and away == "cut" and not _one_node():
        raise Invalid("cut-needs-one-node", "AWAY=cut chỉ dùng được khi Kafka có một nút; hãy bỏ KAFKA_NODES.")
    if steps:
        wish = Wish(rate or LADDER_RATE, LADDER_TOLD if told is None else told, away, 3600.0)
        _end(_run(_ladder(steps, wish, keep, show)), json)
    chosen = secrets.randbelow(1_000_000) if seed is None else seed
    order = Order(minutes, chosen, rate or STORM_RATE, 1.0 if told is None else told, _named(faults))
    _end(_run(_storm(order, keep, show)), json)


def _outages(ladder: str, mongodb: str, outage: float) -> list[Outage]:
    """Raises: Invalid `rungs-malformed`."""
    if outage:
        return rungs((outage,), ())
    if ladder == "1":
        return rungs(KAFKA_RUNGS, _seconds(mongodb) or MONGODB_RUNGS)
    return rungs(_seconds(ladder), _seconds(mongodb))


def _seconds(text: str) -> tuple[float, ...]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    try:
        found = tuple(float(word) for word in words)
    except ValueError as error:
        raise Invalid("rungs-malformed", "Các bậc là số giây cách nhau bằng dấu phẩy, ví dụ 10,60.") from error
    if any(not 0 < seconds < float("inf") for seconds in found):
        raise Invalid("rungs-malformed", "Mỗi bậc phải lớn hơn 0 giây.")
    return found


def _named(text: str) -> tuple[str, ...]:
    """Raises: Invalid `fault-unknown`."""
    names = tuple(word.strip() for word in text.split(",") if word.strip())
    all_names = {fault.name for fault in known()}
    for name in names:
        if name not in all_names:
            raise Invalid("fault-unknown", f"Không có sự cố {name}; --names liệt kê các sự cố.")
    return names


def _one_node() -> bool:
    """A cluster's nodes are told apart by their addresses, which one proxy cannot stand for."""
    return os.environ.get("KAFKA_NODES", "1").strip() in {"", "1"}


async def _storm(order: Order, keep: bool, show: Show) -> Storm:
    kind = choose_engines()
    show.says(f"Hạt giống {order.seed}, máy chủ {kind}, {order.rate:g} hồ sơ mỗi giây.")
    async with installed(_quiet, show.phase, proxies=_one_node(), keep=keep) as stack:
        if keep:
            show.says(f"Dữ liệu và nhật ký: {stack.data_dir}")
        found = await storm(stack, order, kind, show)
    show_storm(out, found)
    return found


async def _ladder(steps: list[Outage], wish: Wish, keep: bool, show: Show) -> Ladder:
    kind = choose_engines()
    done = Ladder(kind)
    for step in steps:
        show.says(f"{step}, {wish.rate:g} hồ sơ mỗi giây, máy chủ {kind}.")
        async with installed(_quiet, show.phase, proxies=wish.how == "cut", keep=keep) as stack:
            if keep:
                show.says(f"Dữ liệu và nhật ký: {stack.data_dir}")
            rung = await climb(stack, step, wish, show)
        done = Ladder(kind, (*done.rungs, rung))
        after = "không hồi phục" if rung.recovery_s is None else f"hồi phục sau {rung.recovery_s:.1f} s"
        show.says(f"{step}: {after}, mất {rung.verdict.lost}, trùng {rung.verdict.duplicated}.")
    show_ladder(out, done)
    return done


def _quiet(process: str, line: str) -> None:
    """The processes' logs are kept in files; `--keep` shows where."""


def _run(work: Coroutine[Any, Any, Storm | Ladder]) -> Storm | Ladder:
    """Everything that was started is stopped before this returns, also after Ctrl-C or SIGTERM."""

    async def stoppable() -> Storm | Ladder:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    return asyncio.run(stoppable())


def _end(found: Storm | Ladder, file: Path | None) -> None:
    if file is not None:
        write_to(file, orjson.dumps(found.as_dict(), option=orjson.OPT_INDENT_2))
    sys.exit(0 if found.good else 1)


def main() -> None:
    """Entry point: clear words instead of a stack trace for what people can cure."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # that the broker is away is what we are here for
    try:
        app()
    except Refused as error:
        console.print(f"[red]{error.slug}[/red]: {escape(error.message)}")
        sys.exit(2)
    except (EngineError, DidNotBecomeReady) as error:
        console.print(f"[red]{escape(str(error))}[/red]")
        sys.exit(3)
    except TimeoutError:
        console.print("[red]not-served[/red]: hệ thống không trở lại trong thời gian cho phép; không có kết luận.")
        sys.exit(1)
    except (KeyboardInterrupt, asyncio.CancelledError):
        console.print("Đã dừng theo yêu cầu; không có kết luận.")
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
