"""`python -m local.simulators`: the simulated phone networks as a process of their own."""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

import uvloop

from local.simulators.app import create_app
from local.simulators.server import serve_until_told
from local.simulators.settings import SimulatorSettings


def _seconds(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(",") if part.strip())


def _named_settings(arguments: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(
        prog="python -m local.simulators",
        description="Mạng điện thoại giả lập (Zalo ZBS và các cổng SMS). Mọi thiết lập khác: biến môi trường SIM_*.",
    )
    parser.add_argument("--port", type=int, help="cổng trên 127.0.0.1")
    parser.add_argument("--state-file", type=Path, help="tệp JSONL ghi nhớ tin và mã truy cập qua các lần chạy")
    parser.add_argument("--webhook-url", dest="zalo_webhook_url", help="nơi nhận sự kiện của Zalo")
    parser.add_argument(
        "--webhook-schedule",
        dest="zalo_webhook_schedule_seconds",
        type=_seconds,
        help="số giây chờ trước mỗi lần gửi lại sự kiện, cách nhau bằng dấu phẩy",
    )
    parser.add_argument("--clock-offset-seconds", type=float, help="số giây cộng vào đồng hồ")
    parser.add_argument("--no-zalo-every", type=int, help="cứ n số thì một số không dùng Zalo; 0: ai cũng dùng")
    return {name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None}


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop; zero is a clean stop."""
    settings = SimulatorSettings(**_named_settings(sys.argv[1:] if arguments is None else arguments))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return 0 if runner.run(serve_until_told(create_app(settings), settings.port)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
