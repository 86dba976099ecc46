"""What a catalogue import did, for a person at a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.intake.catalogue import ImportReport, ReportRow

MOST_SHOWN = 50
_WORDS = {"refused": "[red]từ chối[/red]", "doubtful": "[yellow]cần xem lại[/yellow]", "changed": "đổi"}
_PARTS = {"procedures": "thủ tục", "papers": "giấy tờ"}
_FIELDS = {
    "name": "tên",
    "field": "lĩnh vực",
    "level": "cấp",
    "agencies": "cơ quan",
    "limit_value": "thời hạn",
    "limit_unit": "thời hạn",
    "fee_vnd": "phí, lệ phí",
    "result": "kết quả",
    "statutory_limit_value": "thời hạn theo quy định",
    "statutory_limit_unit": "thời hạn theo quy định",
    "papers": "thành phần hồ sơ",
    "limits": "thời hạn theo kênh, trường hợp",
}


def show_import(console: Console, report: ImportReport) -> None:
    """The rows that somebody should look at, then what became of all."""
    shown = [row for outcome in _WORDS for row in report.rows if row.outcome == outcome]
    if shown:
        console.print(_table(shown[:MOST_SHOWN]))
    if len(shown) > MOST_SHOWN:
        console.print(f"… và {len(shown) - MOST_SHOWN} dòng nữa; --report ghi tất cả ra tệp CSV.")
    console.print(
        f"Thêm {report.added}, đổi {report.changed}, giữ nguyên {report.unchanged}, từ chối {report.refused}, "
        f"cần xem lại {report.count('doubtful')}; {report.without_limit} thủ tục chưa có thời hạn."
    )
    if report.stored:
        console.print("[green]Đã công bố.[/green]" if report.added or report.changed else "Không có gì mới để công bố.")
    else:
        console.print("Chưa lưu gì (chạy thử)." if report.dry_run else "[red]Chưa lưu gì.[/red]")


def _table(rows: list[ReportRow]) -> Table:
    table = Table()
    for column in ("Tệp", "Dòng", "Mã", "Kết quả", "Vì sao"):
        table.add_column(column, justify="right" if column == "Dòng" else "left")
    for row in rows:
        why = (
            f"{row.slug}: {row.reason}" if row.slug else ", ".join(dict.fromkeys(_FIELDS[name] for name in row.fields))
        )
        table.add_row(_PARTS[row.part], str(row.line), escape(row.code), _WORDS[row.outcome], escape(why))
    return table
