"""`motcua check` at a terminal, or from cron."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

import orjson
from cyclopts import App, Parameter
from rich.console import Console

from contracts.problems import Invalid
from motcua.check.findings import Report
from motcua.check.incremental import Options
from motcua.check.run import Sources
from motcua.check.session import full_check, incremental_check
from motcua.check.show import show, show_last
from motcua.check.verdicts import last_verdict
from motcua.install import SERVICES
from motcua.settings import CliSettings
from services.kit import logs

HELP = """Đối chiếu nhật ký sự kiện, cơ sở dữ liệu và điện thoại: mất, trùng, mồ côi, sai thứ tự, kẹt, thống kê lệch.

Không sửa gì của các dịch vụ; chỉ ghi lại kết quả của chính lệnh này. Mã thoát: 0 mọi thứ khớp, 1 có sai lệch,
2 tham số sai hoặc lần kiểm tra khác đang chạy, 3 không đọc được MongoDB, Kafka hoặc điện thoại mô phỏng."""
app = App(name="check", help=HELP)
console = Console(stderr=True)
out = Console()


@app.default
async def check_command(
    *,
    json: bool = False,
    skip_log: bool = False,
    incremental: bool = False,
    from_start: bool = False,
    recount: bool = False,
    last: bool = False,
    save: Annotated[bool, Parameter(negative="--no-save")] = True,
    grace: float = 60.0,
    pause: float = 0.0,
) -> None:
    """Đối chiếu tất cả, hoặc phần mới.

    Parameters
    ----------
    json
        In kết quả dạng JSON (docs/guarantees.md).
    skip_log
        Không đọc các topic Kafka.
    incremental
        Chỉ xem những gì mới kể từ lần trước, và những gì lần trước còn sai hoặc còn trên đường.
    from_start
        Cùng --incremental: quên lần trước, đọc lại tất cả.
    recount
        Cùng --incremental: đếm lại thống kê ngay; bình thường mỗi ngày một lần.
    last
        Chỉ in kết quả của lần kiểm tra gần nhất; mã thoát theo kết quả đó.
    save
        Giữ kết quả cho bảng điều hành và cho lần sau; --no-save: không ghi gì.
    grace
        Tin trẻ hơn số giây này có thể còn trên đường, chưa tính là sai.
    pause
        Số giây nghỉ sau mỗi nghìn tài liệu, để nhường máy chủ cơ sở dữ liệu.
    """
    if (from_start or recount) and not incremental:
        raise Invalid("options-exclusive", "--from-start và --recount chỉ dùng cùng --incremental.")
    if grace < 0 or pause < 0:
        raise Invalid("options-exclusive", "--grace và --pause là số giây, không âm.")
    logs.configure("motcua", "ERROR")
    settings = CliSettings()
    databases = {service: settings.mongo(service) for service in SERVICES}
    try:
        if last:
            found = await last_verdict(databases["intake"])
            _print_last(found, json=json)
            sys.exit(0 if found is None or found["clean"] else 1)
        sources = Sources(
            databases, None if skip_log else settings.kafka.bootstrap, settings.simulators_url or None, pause
        )
        options = Options(timedelta(seconds=grace), settings.kafka.epoch, from_start, recount)
        compare = incremental_check if incremental else full_check
        report = await compare(sources, settings.clock().now(), options, _say, save=save)
    finally:
        for mongo in databases.values():
            await mongo.close()
    _print(report, json=json)
    sys.exit(0 if report.clean else 1)


def _say(phase: str) -> None:
    console.print(f"[dim]{phase} …[/dim]")


def _print(report: Report, *, json: bool) -> None:
    if json:
        _print_json(report.as_dict())
    else:
        show(out, report)


def _print_last(found: Mapping[str, Any] | None, *, json: bool) -> None:
    if json:
        _print_json(found)
    elif found is None:
        out.print("Chưa có lần kiểm tra nào được giữ lại.")
    else:
        show_last(out, found)


def _print_json(value: object) -> None:
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")
