"""`motcua`: start the system here, look after one anywhere."""

from __future__ import annotations

import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Literal

import httpx
from cyclopts import App, Parameter
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from contracts.problems import Invalid, Refused
from contracts.topics import all_topics
from motcua.calendar import app as calendar
from motcua.catalogue import show_import
from motcua.checking import app as check
from motcua.consumers import pause, resume
from motcua.files import content_of, write_to
from motcua.install import SERVICES, load_agencies, load_catalogue, load_register, prepare_databases
from motcua.lag import lag
from motcua.letters import app as letters
from motcua.officers import app as officers
from motcua.operations import app as operations
from motcua.operations import noted, terminal_acting
from motcua.outbox import outbox
from motcua.parked import app as parked
from motcua.policy import app as policy
from motcua.rebuild import rebuild
from motcua.registers import show_register
from motcua.routing import recompute, stuck
from motcua.settings import CliSettings
from motcua.statistics import app as statistics
from motcua.templates import app as templates
from motcua.workflows import app as workflows
from services.intake.catalogue import read_catalogue
from services.intake.register import read_register
from services.intake.tables import kind_of_suffix
from services.kit.auth import ApiKeys
from services.kit.clock import VIETNAM
from services.kit.errors import Unavailable
from services.kit.kafka import KafkaUnreachable, create_topics
from services.kit.mongo.driver import PyMongoError
from services.kit.operations.operation import Command
from services.kit.outbox import republish

app = App(name="motcua", help="Một cửa điện tử: khởi động tại chỗ, vận hành, kiểm tra.", version="0.1.0")
app.command(check)
app.command(calendar)
app.command(workflows)
app.command(policy)
app.command(officers)
app.command(recompute)
app.command(stuck)
app.command(statistics)
app.command(templates)
app.command(parked)
app.command(letters)
app.command(operations)
app.command(lag)
app.command(outbox)
app.command(pause)
app.command(resume)
app.command(rebuild)
console = Console(stderr=True)
out = Console()
Service = Literal["intake", "routing", "notify"]


@app.command
async def up(*, data: Path = Path(".motcua/local")) -> None:
    """Khởi động toàn hệ thống trên máy này; Ctrl-C để dừng. Dữ liệu được giữ lại.

    Parameters
    ----------
    data
        Thư mục dữ liệu của bản cài đặt này.
    """
    from local.up import run_up

    await run_up(data)


@app.command
async def demo(
    *,
    dossiers: Annotated[int, Parameter(env_var="DOSSIERS")] = 500,
    catalogue: Annotated[Path | None, Parameter(env_var="CATALOGUE")] = None,
    papers: Annotated[Path | None, Parameter(env_var="PAPERS")] = None,
    rate: Annotated[float, Parameter(env_var="RATE")] = 15.0,
    keep: bool = False,
) -> None:
    """Chạy một ngày làm việc của huyện và kiểm tra: không mất, không trùng. Mã thoát 0 khi mọi thứ khớp.

    Parameters
    ----------
    dossiers
        Số hồ sơ.
    catalogue
        Tệp danh mục thủ tục (CSV hoặc XLSX); mặc định là danh mục mẫu của dự án.
    papers
        Tệp thành phần hồ sơ đi cùng danh mục đó (CSV, XLSX hoặc JSON Lines).
    rate
        Số hồ sơ tiếp nhận mỗi giây.
    keep
        Giữ lại dữ liệu sau khi chạy.
    """
    from local.demo.run import run_demo

    sys.exit(await run_demo(dossiers, catalogue, rate, papers=papers, keep=keep))


@app.command
async def year(
    *,
    data: Path = Path(".motcua"),
    days: Annotated[int | None, Parameter(env_var="DAYS")] = None,
    scale: Annotated[float, Parameter(env_var="SCALE")] = 1.0,
    fresh: Annotated[bool, Parameter(env_var="FRESH")] = False,
) -> None:
    """Chạy lại năm 2018 của một huyện: 36.628 hồ sơ qua Kafka, rồi đếm ba lần. Ctrl-C để dừng, chạy lại để tiếp tục.

    Parameters
    ----------
    data
        Thư mục chứa dữ liệu của lần chạy; mỗi phạm vi có thư mục riêng trong đó.
    days
        Chỉ chạy những ngày làm việc đầu tiên của năm.
    scale
        Chỉ chạy một phần hồ sơ, ví dụ 0.1.
    fresh
        Bỏ dữ liệu cũ, chạy từ đầu.
    """
    from local.year.run import run_year

    sys.exit(await run_year(data, days, scale, fresh=fresh))


@app.command
async def init() -> None:
    """Tạo topic, bộ sưu tập và chỉ mục còn thiếu. Chạy lại không đổi gì."""
    settings = CliSettings()
    for service in SERVICES:
        mongo = settings.mongo(service)
        await prepare_databases(mongo, service)
        await mongo.close()
    created = await create_topics(settings.kafka.bootstrap, all_topics(), settings.kafka.replication)
    out.print(f"Topic mới: {', '.join(created) or 'không có'}. Chỉ mục: đủ.")


@app.command(name="issue-key")
async def issue_key(service: Service, *scopes: str, label: str, until: date | None = None) -> None:
    """Cấp khóa truy cập API; khóa chỉ hiện một lần này.

    Parameters
    ----------
    service
        Dịch vụ mà khóa dùng được.
    scopes
        Phạm vi quyền: counter:<mã>, agency:<mã>, operator, service; kèm thêm: supervisor, head, backfill.
    label
        Cấp cho ai, để tra cứu sau này.
    until
        Ngày cuối cùng khóa còn dùng được (YYYY-MM-DD), ví dụ ngày hết hạn biệt phái.
    """
    if not scopes:
        raise Invalid("scope-missing", "Khóa không có phạm vi quyền nào thì không dùng được vào việc gì.")
    settings = CliSettings()
    mongo = settings.mongo(service)
    ends = None if until is None else datetime.combine(until + timedelta(days=1), time.min, VIETNAM)
    out.print(await ApiKeys(mongo, settings.clock().now).issue(list(scopes), label=label, expires_at=ends))
    await mongo.close()


@app.command(name="revoke-key")
async def revoke_key(service: Service, key_id: str) -> None:
    """Thu hồi một khóa (phần giữa của khóa: mc_<mã khóa>_…)."""
    settings = CliSettings()
    mongo = settings.mongo(service)
    known = await ApiKeys(mongo, settings.clock().now).revoke(key_id)
    await mongo.close()
    out.print("Đã thu hồi." if known else "[red]Không có khóa này.[/red]")
    sys.exit(0 if known else 1)


@app.command
async def catalogue(
    file: Path,
    *,
    papers: Path | None = None,
    dry_run: bool = False,
    report: Path | None = None,
    skip_refused: bool = False,
) -> None:
    """Nạp danh mục thủ tục trong một giao dịch; chạy lại không đổi gì. Mã thoát 2 khi có dòng bị từ chối.

    Parameters
    ----------
    file
        Tệp CSV (UTF-8) hoặc XLSX; XLSX có thể có thêm trang tính `Thành phần hồ sơ`.
    papers
        Tệp thành phần hồ sơ riêng: CSV, XLSX hoặc JSON Lines.
    dry_run
        Chỉ so sánh và báo cáo, không lưu.
    report
        Ghi báo cáo từng dòng ra tệp CSV này.
    skip_refused
        Vẫn nạp các dòng đúng khi có dòng bị từ chối.
    """
    settings = CliSettings()
    with console.status("Đang đọc tệp …") as status:
        says = kind_of_suffix(file.suffix)
        if papers is None:
            read = read_catalogue(content_of(file), says=says)
        else:
            read = read_catalogue(
                content_of(file), content_of(papers), says=says, papers_say=kind_of_suffix(papers.suffix)
            )
        mongo = settings.mongo("intake")
        await mongo.ping()
        status.update(f"Đang so sánh và lưu {len(read.entries)} thủ tục trong một giao dịch …")
        found = await load_catalogue(mongo, settings.clock().now, read, skip_refused=skip_refused, dry_run=dry_run)
        await mongo.close()
    show_import(out, found)
    if report is not None:
        write_to(report, found.as_csv().encode())
    if found.refused and not skip_refused:
        raise Invalid("rows-refused", "Có dòng bị từ chối nên không nạp gì. Hãy sửa tệp, hoặc thêm --skip-refused.")


@app.command
async def registers(file: Path, *, counter: str, dry_run: bool = False, report: Path | None = None) -> None:
    """Nhập sổ theo dõi hồ sơ cũ; chạy lại không nhập trùng. Mã thoát 2 khi có dòng bị từ chối.

    Parameters
    ----------
    file
        Sổ dạng XLSX hoặc CSV (UTF-8), tiêu đề cột như mẫu sổ theo dõi hồ sơ.
    counter
        Mã định danh của quầy đã tiếp nhận.
    dry_run
        Chỉ kiểm tra và báo cáo, không lưu.
    report
        Ghi báo cáo từng dòng ra tệp CSV này.
    """
    settings = CliSettings()
    now = settings.clock().now
    with console.status("Đang đọc tệp …") as status:
        read = read_register(content_of(file), now(), says=kind_of_suffix(file.suffix))
        mongo = settings.mongo("intake")
        await mongo.ping()

        def progress(done: int) -> None:
            status.update(f"Đã xong {done}/{len(read.entries)} hồ sơ …")

        found = await load_register(mongo, now, counter, read, dry_run=dry_run, on_progress=progress)
        await mongo.close()
    show_register(out, found)
    if report is not None:
        write_to(report, found.as_csv().encode())
    if found.count("refused"):
        raise Invalid("rows-refused", "Có dòng bị từ chối; các dòng khác đã xong. Hãy sửa tệp rồi chạy lại.")


@app.command
async def agencies(file: Path) -> None:
    """Nạp danh mục cơ quan từ CSV (code, name, level, parent, kind)."""
    settings = CliSettings()
    mongo = settings.mongo("routing")
    content = content_of(file)
    await mongo.ping()
    changed = await load_agencies(mongo, settings.clock().now, content)
    await mongo.close()
    out.print("Đã cập nhật danh mục cơ quan." if changed else "Danh mục cơ quan không đổi.")


@app.command(name="republish")
async def republish_command(
    service: Service, *, since: str | None = None, by: str | None = None, reason: str | None = None
) -> None:
    """Gửi lại nhật ký sự kiện cho Kafka (khi máy chủ Kafka mất dữ liệu). Bên nhận bỏ qua sự kiện đã biết.

    Ai gửi lại, vì sao và kết quả được ghi vào nhật ký thao tác.

    Parameters
    ----------
    service
        Dịch vụ có nhật ký.
    since
        Từ thời điểm (ISO 8601 có múi giờ); mặc định là tất cả.
    by
        Tài khoản của người làm, không phải họ tên; mặc định là tài khoản đăng nhập máy này.
    reason
        Lý do gửi lại.
    """
    moment = _moment(since) if since else None
    acting = terminal_acting(by, reason)
    settings = CliSettings()
    mongo, now = settings.mongo(service), settings.clock().now
    async with noted(mongo, now, Command.REPUBLISH, f"journal:{service}", acting, since=moment) as numbers:
        numbers["documents"] = await republish(mongo, moment)
    out.print(f"{numbers['documents']} lô sự kiện sẽ được gửi lại.")
    await mongo.close()


def _moment(text: str) -> datetime:
    """Raises: Invalid `moment-malformed`."""
    words = "Thời điểm cần theo ISO 8601, có múi giờ, ví dụ 2026-11-23T00:00:00+07:00."
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("moment-malformed", words) from error
    if moment.tzinfo is None:
        raise Invalid("moment-malformed", words)
    return moment


def main() -> None:
    """Entry point: clear words instead of a stack trace for what people can cure."""
    try:
        app()
    except Refused as error:
        console.print(f"[red]{error.slug}[/red]: {escape(error.message)}")
        sys.exit(2)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "local":
            raise
        console.print("[red]local-missing[/red]: bản cài trên máy chủ không có lệnh này; hãy dùng docker compose.")
        sys.exit(2)
    except KafkaUnreachable as error:
        console.print(f"[red]kafka-unreachable[/red]: {error}")
        sys.exit(3)
    except httpx.HTTPError as error:
        console.print(
            f"[red]simulators-unreachable[/red]: không đọc được điện thoại mô phỏng ({type(error).__name__})."
        )
        sys.exit(3)
    except ValidationError as error:
        places = ", ".join(".".join(map(str, item["loc"])) for item in error.errors())
        console.print(f"[red]setting-invalid[/red]: cấu hình không hợp lệ: {places}.")
        sys.exit(2)
    except (PyMongoError, Unavailable) as error:
        console.print(f"[red]mongodb-unreachable[/red]: không kết nối được MongoDB ({type(error).__name__}).")
        sys.exit(3)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
