"""Old registers as counters keep them: rows, workbooks, and how they are sent."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Any

import httpx

from tests.component.service_fixtures import COUNTER, PROCEDURE, Intake
from tests.unit.intake.xlsx_fixtures import workbook

HEADER = (
    "STT", "Mã hồ sơ", "Mã TTHC", "Tên TTHC", "Tên tổ chức, cá nhân", "Số định danh", "Địa chỉ", "SĐT", "Ngày nhận",
    "Hẹn trả", "Ngày có kết quả", "Kết quả", "Ngày trả", "Phương thức nhận",
)  # fmt: skip
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def row(number: int, **changes: Any) -> dict[str, Any]:
    """A finished dossier of 2019; a keyword names its column by its first word."""
    values: dict[str, Any] = {
        "STT": number, "Mã hồ sơ": None, "Mã TTHC": PROCEDURE, "Tên tổ chức, cá nhân": f"Nguyễn Văn A {number}",
        "Số định danh": f"096{190_000_000 + number}", "Địa chỉ": "Ấp 1", "SĐT": f"09012340{number % 100:02d}",
        "Ngày nhận": datetime(2019, 3, 4, 9, 15), "Hẹn trả": datetime(2019, 3, 7), "Kết quả": "Đồng ý",
        "Ngày có kết quả": datetime(2019, 3, 6, 14), "Ngày trả": datetime(2019, 3, 7, 8), "Phương thức nhận": None,
    }  # fmt: skip
    return values | changes


def xlsx(*rows: dict[str, Any]) -> bytes:
    return workbook(Sheet=[HEADER, *([one.get(column) for column in HEADER] for one in rows)])


def csv_of(*rows: dict[str, Any]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([HEADER, *([one.get(column) for column in HEADER] for one in rows)])
    return out.getvalue().encode()


async def post(intake: Intake, content: bytes, headers: dict[str, str] | None = None, **query: Any) -> httpx.Response:
    return await intake.http.post(
        f"/v1/registers/{query.pop('counter', COUNTER)}/imports", content=content, params=query,
        headers=(intake.desk if headers is None else headers) | {"Content-Type": query.pop("type", XLSX)},
    )  # fmt: skip
