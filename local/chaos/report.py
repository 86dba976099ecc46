"""The tables at the end."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from local.chaos.figures import Ladder, Loaded, Storm, Verdict, tallies

ENGINE = {"kafka": "Kafka", "mongodb": "MongoDB"}
HOW = {"kill": "SIGKILL, khởi động lại bị giữ", "cut": "mạng bị cắt"}


def show_storm(console: Console, storm: Storm) -> None:
    """Faults, load, verdict."""
    table = Table(title="Sự cố đã gây ra và thời gian hồi phục", title_justify="left")
    table.add_column("Sự cố")
    for column in ("Lần", "Trung vị", "Lâu nhất", "Hỏng"):
        table.add_column(column, justify="right")
    for tally in tallies(storm.strikes):
        failed = f"[red]{tally.not_recovered}[/red]" if tally.not_recovered else "0"
        times = (_seconds(tally.median_s), _seconds(tally.worst_s))
        table.add_row(escape(tally.words), str(tally.count), *times, failed)
    console.print(table)
    for name, why in storm.skipped.items():
        console.print(f"[yellow]Bỏ qua {name}: {escape(why)}[/yellow]")
    for name, number in storm.missed.items():
        console.print(f"[yellow]{name}: {number} lần không tiến trình nào đi qua điểm đó[/yellow]")
    console.print(f"Hạt giống {storm.seed} (SEED={storm.seed} lặp lại thứ tự sự cố), máy chủ {storm.engines}.")
    console.print(f"Bản ghi hỏng trộn vào: {storm.poison}.")
    _show_load(console, storm.load)
    show_verdict(console, storm.verdict, storm.good)


def show_ladder(console: Console, ladder: Ladder) -> None:
    """One row a rung."""
    table = Table(title=f"Thang mất kết nối (máy chủ {ladder.engines})", title_justify="left")
    table.add_column("Vắng mặt", no_wrap=True)
    columns = ("Thực tế", "Hồ sơ", "Mỗi giây", "Lúc vắng", "Hồi phục", "Mất", "Trùng", "Kẹt")
    for column in columns:
        table.add_column(column, justify="right")
    for rung in ladder.rungs:
        verdict = rung.verdict
        counts = (_count(number) for number in (verdict.lost, verdict.duplicated, verdict.stuck))
        load = (f"{rung.load.answered:,}", f"{rung.load.per_s:.1f}", f"{rung.during:,}")
        outage = f"{ENGINE[rung.engine]} {rung.wanted_s:g} s"
        recovered = _seconds(rung.recovery_s) if rung.recovery_s is not None else "[red]không[/red]"
        table.add_row(outage, _seconds(rung.outage_s), *load, recovered, *counts)
    console.print(table)
    for rung in ladder.rungs[:1]:
        console.print(f"Vắng mặt: {HOW[rung.how]}. Người dân đến với tốc độ {rung.load.wanted_per_s:g} mỗi giây.")
    console.print(
        "Hồi phục: từ khi máy chủ trả lời lại đến khi ai đã đến đều có phiếu hẹn, mọi hộp gửi trống và mọi dịch vụ "
        "đã đọc hết; lúc đó quầy không đón thêm người."
    )
    for rung in ladder.rungs:
        if not rung.good:
            console.print(f"[bold]{ENGINE[rung.engine]} {rung.wanted_s:g} s[/bold]")
            _show_load(console, rung.load)
            show_verdict(console, rung.verdict, rung.good)
    lost, duplicated, stuck = (
        sum(getattr(rung.verdict, kind) for rung in ladder.rungs) for kind in ("lost", "duplicated", "stuck")
    )
    _last_line(console, lost, duplicated, stuck, ladder.good)


def _show_load(console: Console, load: Loaded) -> None:
    console.print(
        f"Tiếp nhận {load.answered:,} hồ sơ trong {load.seconds:.0f} s: {load.per_s:.1f} mỗi giây "
        f"(muốn {load.wanted_per_s:g}); gửi lại cùng khóa {load.repeats:,} lần; "
        f"hàng chờ dài nhất {load.longest_line:,}."
    )
    for slug, number in load.refused.items():
        console.print(f"[red]Bị từ chối {number} lần: {escape(slug)}[/red]")


def show_verdict(console: Console, verdict: Verdict, good: bool) -> None:
    """What was found, then the last line."""
    seen = ", ".join(f"{name} {number:,}" for name, number in verdict.checked["seen"].items())
    console.print(f"Đã so: {seen}")
    for note in verdict.checked["notes"]:
        console.print(f"[yellow]{escape(note)}[/yellow]")
    for code in verdict.not_stored:
        console.print(f"[red]lost receipt-without-dossier {escape(code)}[/red]")
    if verdict.unburied:
        console.print(f"[red]lost poison-without-dead-letter {escape(', '.join(verdict.unburied[:20]))}[/red]")
    if verdict.not_asked_for:
        console.print(f"[red]duplicated dossier-without-receipt: {verdict.not_asked_for}[/red]")
    for finding in verdict.checked["findings"][:20]:
        said = escape(f"{finding['rule']} {finding['subject']} {finding['detail']}")
        console.print(f"[red]{finding['kind']}[/red] {said}")
    if verdict.restless:
        console.print(f"[red]stuck không lắng: {escape(verdict.restless)}[/red]")
    others = {kind: number for kind, number in verdict.others.items() if number}
    if others:
        console.print("[red]" + ", ".join(f"{kind} {number}" for kind, number in others.items()) + "[/red]")
    _last_line(console, verdict.lost, verdict.duplicated, verdict.stuck, good)


def _last_line(console: Console, lost: int, duplicated: int, stuck: int, good: bool) -> None:
    words = f"mất {lost}, trùng {duplicated}, kẹt {stuck}"
    console.print(f"[bold {'green' if good else 'red'}]{'ĐẠT' if good else 'KHÔNG ĐẠT'}: {words}[/]")


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} s"


def _count(number: int) -> str:
    return f"[{'red' if number else 'green'}]{number}[/]"
