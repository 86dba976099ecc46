"""Holding a consumer by hand, and letting it go on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from cyclopts import App
from rich.console import Console

from contracts.problems import Missing
from contracts.topics import CONSUMERS
from motcua.settings import CliSettings
from services.kit import pauses
from services.kit.mongo import Mongo
from services.kit.operations.operation import Acting, account_acting

pause = App(name="pause", help="Tạm dừng bộ đọc Kafka của một dịch vụ; có lưu vết.")
resume = App(name="resume", help="Cho bộ đọc Kafka của một dịch vụ chạy tiếp; có lưu vết.")
out = Console()
Change = Callable[[Mongo, str, Acting, datetime], Awaitable[bool]]


@pause.default
async def pause_command(service: str, *, by: str, reason: str) -> None:
    """Tạm dừng bộ đọc: làm xong lô đang làm, rồi không nhận bản ghi nào nữa; còn hiệu lực sau khi khởi động lại.

    Parameters
    ----------
    service
        intake, routing hoặc notify.
    by
        Tài khoản của người làm, không phải họ tên.
    reason
        Lý do; không ghi số điện thoại, số giấy tờ.
    """
    changed = await change(pauses.pause, service, by, reason)
    out.print(
        f"Đã tạm dừng {service}; các tiến trình dừng nhận trong vài giây." if changed else "Đã tạm dừng từ trước."
    )


@resume.default
async def resume_command(service: str, *, by: str, reason: str) -> None:
    """Cho bộ đọc chạy tiếp từ chỗ đã dừng.

    Parameters
    ----------
    service
        intake, routing hoặc notify.
    by
        Tài khoản của người làm, không phải họ tên.
    reason
        Lý do; không ghi số điện thoại, số giấy tờ.
    """
    changed = await change(pauses.resume, service, by, reason)
    out.print(f"{service} chạy tiếp." if changed else f"{service} không bị tạm dừng.")


async def change(how: Change, service: str, by: str, reason: str) -> bool:
    """Do it in the service's own database. Raises: Missing `consumer-unknown`; Invalid `account-malformed`,
    `reason-missing`, `reason-personal`."""
    acting = account_acting(by, reason)
    if service not in CONSUMERS:
        raise Missing("consumer-unknown", f"Không có bộ đọc nào tên {service}; các bộ đọc: {', '.join(CONSUMERS)}.")
    settings = CliSettings()
    mongo = settings.mongo(service)
    try:
        return await how(mongo, service, acting, settings.clock().now())
    finally:
        await mongo.close()
