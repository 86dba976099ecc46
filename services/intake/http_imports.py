"""What the imports of files share: how the body is described, and the shapes of the report."""

from __future__ import annotations

from typing import Any, Literal, Protocol

from fastapi import Request, Response

from services.intake.tables import Kind, kind_of_media_type

ReportShape = Literal["json", "csv"]


class Report(Protocol):
    """What became of each row."""

    def as_csv(self) -> str: ...

    def as_data(self) -> dict[str, Any]: ...


def body_of(*media_types: str) -> dict[str, Any]:
    """For OpenAPI, beside CSV and XLSX: the routes read the raw body."""
    tables = ("text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    return {"requestBody": {"required": True, "content": {kind: {} for kind in (*tables, *media_types)}}}


def said_kind(request: Request) -> Kind | None:
    """What the sender says the file is."""
    return kind_of_media_type(request.headers.get("content-type"))


def shown(report: Report, shape: ReportShape) -> Response | dict[str, Any]:
    if shape == "csv":
        return Response(report.as_csv().encode(), media_type="text/csv; charset=utf-8")
    return report.as_data()
