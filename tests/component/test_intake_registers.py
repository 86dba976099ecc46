"""Old registers on the real engine: row by row, again and again, through routing to the returned dossier."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.envelope import from_headers
from services.intake.commands.import_register import import_register
from services.intake.commands.publish_procedure import PublishProcedure
from services.intake.domain.procedure import Procedure
from services.intake.register import RegisterReport, read_register
from services.intake.store import DOSSIERS
from services.kit.commit import Committer
from services.kit.kafka import Record
from services.routing.store import CASES
from tests.component.cli_fixtures import motcua
from tests.component.counter_fixtures import dossier_of
from tests.component.ledger import events
from tests.component.register_fixtures import post, row, xlsx
from tests.component.service_fixtures import (
    COUNTER,
    NO_LIMIT,
    OTHER_COUNTER,
    PROCEDURE,
    STORED,
    TWO_STEPS,
    Intake,
    Service,
    now,
    published,
)

CODE = "H12.970.00-190304-0007"


async def load(intake: Intake, content: bytes, *, counter: str = COUNTER, dry_run: bool = False) -> RegisterReport:
    file = read_register(content, now())
    return await import_register(Committer(intake.mongo, "/intake", now), counter, file, dry_run=dry_run)


def became(report: RegisterReport) -> list[tuple[int, str, str]]:
    return [(line.line, line.became, line.slug) for line in report.rows]


async def relay(intake: Intake, routing: Service, code: str) -> None:
    """Carry the events of a dossier from one service to the other and back, as Kafka would."""
    for source, target in ((intake, routing), (routing, intake)):
        told = await events(source.mongo, topic="dossier.events.v1", subject=code)
        await target.consumer.handle([_record(target, event) for event in told])


def _record(target: Service, event: dict[str, Any]) -> Record:
    target._offset += 1
    headers = tuple((name, value) for name, value in event["headers"])
    assert from_headers(headers).id == event["id"]
    return Record(event["topic"], 0, target._offset, event["key"], event["body"], headers, 0)


async def test_a_row_keeps_its_code_its_dates_and_what_became_of_it(intake: Intake) -> None:
    report = await load(intake, xlsx(row(1, **{"Mã hồ sơ": CODE}), row(2)))
    assert became(report) == [(2, "registered", ""), (3, "registered", "")]
    assert [line.code for line in report.rows] == [CODE, "H12.970.00-190304-0001"]
    found = await dossier_of(intake, CODE)
    assert (found.backfill, found.applicant.full_name, found.external_ref) == (
        True,
        "Nguyễn Văn A 1",
        f"register:{CODE}",
    )
    assert found.received_at == datetime(2019, 3, 4, 2, 15, tzinfo=UTC)
    assert found.first_due_at == datetime(2019, 3, 7, 10, tzinfo=UTC)
    [event] = await intake.events(CODE, "dossier.submitted.v1")
    assert (event["backfill"], event["outcome"], event["resolved_at"]) == (True, "granted", "2019-03-06T07:00:00.000Z")
    assert "contact" not in event


async def test_routing_counts_it_and_the_hand_over_that_the_book_tells_of_completes_it(
    intake: Intake, routing: Service
) -> None:
    await routing.take(published(), topic="catalogue.procedures.v1")
    late = {"Ngày có kết quả": datetime(2019, 3, 8), "Ngày trả": datetime(2019, 3, 11), "Phương thức nhận": "Bưu chính"}
    report = await load(intake, xlsx(row(1), row(2, **late)))
    for line in report.rows:
        await relay(intake, routing, line.code)
    expected = {"early": datetime(2019, 3, 7, 1, tzinfo=UTC), "late": datetime(2019, 3, 11, 10, tzinfo=UTC)}
    for line, (timeliness, returned_at) in zip(report.rows, expected.items(), strict=True):
        case = await CASES.read(routing.mongo, line.code)
        found = await dossier_of(intake, line.code)
        assert case is not None
        assert (case.state, case.timeliness, case.backfill) == ("resolved", timeliness, True)
        assert (found.status, found.timeliness, found.returned_at) == ("returned", timeliness, returned_at)
    [returned] = await intake.events(report.rows[1].code, "dossier.returned.v1")
    assert (returned["proof"], returned["method"], returned["backfill"]) == ("postal_receipt", "post", True)
    assert "invitation" not in returned  # nobody is asked about the year 2019
    assert await routing.parked() == await intake.parked() == []


async def test_a_dossier_that_was_open_goes_on_here(intake: Intake, routing: Service) -> None:
    await routing.take(published(), topic="catalogue.procedures.v1")
    open_ones = dict.fromkeys(("Hẹn trả", "Ngày có kết quả", "Kết quả", "Ngày trả"))
    recent = now() - timedelta(days=30)
    report = await load(intake, xlsx(row(1, **open_ones) | {"Ngày nhận": recent.replace(tzinfo=None)}))
    [line] = report.rows
    await relay(intake, routing, line.code)
    found = await dossier_of(intake, line.code)
    assert (found.status, found.due_at is not None) == ("in_process", True)


async def test_the_same_file_again_changes_nothing_whatever_was_stored_before(intake: Intake) -> None:
    content = xlsx(*(row(number) for number in range(1, 121)))
    done: list[int] = []

    def broken_off(rows: int) -> None:
        done.append(rows)
        if rows == 100:
            raise KeyboardInterrupt

    file, committer = read_register(content, now()), Committer(intake.mongo, "/intake", now)
    with pytest.raises(KeyboardInterrupt):
        await import_register(committer, COUNTER, file, on_progress=broken_off)
    assert (done, len(await intake.documents("dossiers"))) == ([50, 100], 100)
    report = await load(intake, content)
    assert (report.count("repeated"), report.count("registered")) == (100, 20)
    before = await intake.counts(*STORED)
    report = await load(intake, content)
    assert report.count("repeated") == 120
    assert {line.code for line in report.rows} == {document["_id"] for document in await intake.documents("dossiers")}
    await intake.nothing_stored(before)


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"Mã TTHC": "9.999999"}, "procedure-unknown"),
        ({"Mã TTHC": None, "Tên TTHC": "Thủ tục lạ"}, "procedure-unknown"),
        ({"Mã TTHC": None}, "procedure-unknown"),
        ({"Mã TTHC": NO_LIMIT, "Hẹn trả": None}, "procedure-limit-unknown"),
        ({"Hẹn trả": datetime(2019, 3, 1)}, "due-date-in-past"),
        ({"Ngày có kết quả": datetime(2019, 3, 1)}, "resolved-before-receipt"),
        ({"Ngày trả": datetime(2019, 3, 5)}, "returned-before-result"),
        ({"Ngày nhận": datetime(2099, 3, 1)}, "moment-in-future"),
        ({"Ngày trả": datetime(2099, 3, 1)}, "moment-in-future"),
        ({"Số định danh": 96190001234}, "citizen-id-invalid"),
        ({"Ngày nhận": "31/02/2019"}, "date-impossible"),
        ({"Mã hồ sơ": "H12.970.00-190304-0001"}, "code-taken"),
    ],
)
async def test_a_row_that_cannot_be_is_refused_with_why_and_the_others_are_not_held_up(
    intake: Intake, changes: dict[str, Any], slug: str
) -> None:
    content = xlsx(row(1), row(2, **changes), row(3))
    tried = await load(intake, content, dry_run=True)
    assert await intake.documents("dossiers") == []
    report = await load(intake, content)
    assert became(report) == [(2, "registered", ""), (3, "refused", slug), (4, "registered", "")]
    if slug != "code-taken":  # that number is given out by the import itself
        assert became(tried) == became(report)
    assert report.rows[1].reason.endswith(".")
    assert "Nguyễn" not in report.as_csv()


async def test_a_procedure_is_found_by_its_national_code_and_by_its_name(intake: Intake) -> None:
    content = xlsx(
        row(1, **{"Mã TTHC": "1.014466"}),
        row(2, **{"Mã TTHC": "1.014466.000.00.00.H12"}),
        row(3, **{"Mã TTHC": None, "Tên TTHC": "cấp  GIẤY PHÉP"}),
    )
    report = await load(intake, content)
    found = [(await dossier_of(intake, line.code)).procedure_code for line in report.rows]
    assert found == [PROCEDURE, PROCEDURE, TWO_STEPS]
    twin = Procedure("1.014466.H13", 0, "Cấp giấy phép", "Kinh tế", "huyện", ("Phòng Kinh tế",))
    await Committer(intake.mongo, "/intake", now).run(PublishProcedure(twin))
    report = await load(
        intake, xlsx(row(4, **{"Mã TTHC": "1.014466"}), row(5), row(6, **{"Mã TTHC": None, "Tên TTHC": twin.name}))
    )
    assert [line.slug for line in report.rows] == ["procedure-ambiguous", "", "procedure-ambiguous"]


async def test_a_row_that_says_more_or_other_than_before_is_refused_and_changes_nothing(intake: Intake) -> None:
    open_ones = dict.fromkeys(("Ngày có kết quả", "Kết quả", "Ngày trả"))
    [first] = (await load(intake, xlsx(row(1, **open_ones)))).rows
    before = await DOSSIERS.read(intake.mongo, first.code)
    for changed in (row(1), row(1, **open_ones, **{"Địa chỉ": "Ấp 2"})):
        assert became(await load(intake, xlsx(changed))) == [(2, "refused", "register-row-changed")]
    assert await DOSSIERS.read(intake.mongo, first.code) == before


async def test_a_telephone_that_cannot_be_used_is_left_out_and_said_so(intake: Intake) -> None:
    report = await load(intake, xlsx(row(1, SĐT="02903831234")))
    assert became(report) == [(2, "registered", ""), (2, "doubtful", "phone-not-mobile")]
    assert (await dossier_of(intake, report.rows[0].code)).applicant.phone is None


class TestOverHttp:
    async def test_without_a_key_with_a_key_of_another_counter_and_without_backfill(self, intake: Intake) -> None:
        content = xlsx(row(1))
        assert (await post(intake, content, headers={})).status_code == 401
        for scopes in ([f"counter:{OTHER_COUNTER}", "backfill"], [f"counter:{COUNTER}"], ["service"]):
            reply = await post(intake, content, headers=await intake.key(*scopes))
            assert (reply.status_code, reply.json()["slug"]) == (403, "scope-missing")
        assert await intake.documents("dossiers") == []

    async def test_a_dry_run_reports_and_stores_nothing(self, intake: Intake) -> None:
        before = await intake.counts(*STORED, "filings_of_a_person")
        reply = await post(intake, xlsx(row(1, **{"Mã hồ sơ": CODE}), row(2, **{"Mã TTHC": "9.999999"})), dry_run=True)
        assert reply.status_code == 200, reply.text
        body = reply.json()
        assert (body["dry_run"], body["registered"], body["refused"]) == (True, 1, 1)
        assert [(line["line"], line["became"], line["code"], line["slug"]) for line in body["rows"]] == [
            (2, "registered", CODE, ""), (3, "refused", "", "procedure-unknown"),
        ]  # fmt: skip
        await intake.nothing_stored(before)

    async def test_an_operator_imports_for_any_counter_and_gets_the_report_as_a_table(self, intake: Intake) -> None:
        reply = await post(
            intake, xlsx(row(1), row(2, **{"Kết quả": "?"})), headers=await intake.key("operator"),
            counter=OTHER_COUNTER, report="csv",
        )  # fmt: skip
        assert reply.headers["content-type"] == "text/csv; charset=utf-8"
        lines = list(csv.DictReader(io.StringIO(reply.content.decode("utf-8-sig"))))
        assert [(line["line"], line["became"], line["slug"]) for line in lines] == [
            ("2", "registered", ""), ("3", "refused", "outcome-unknown"),
        ]  # fmt: skip
        assert lines[0]["code"].startswith(OTHER_COUNTER)

    async def test_a_file_that_is_no_register_is_refused_and_nothing_stored(self, intake: Intake) -> None:
        before = await intake.counts(*STORED)
        for content, slug in (
            (xlsx(row(1))[:-200], "file-malformed"),
            (b"%PDF-1.7", "file-type-unknown"),
            (b"A,B\n1,2\n", "file-type-differs"),
        ):
            reply = await post(intake, content)
            assert (reply.status_code, reply.json()["slug"]) == (422, slug)
        reply = await post(intake, xlsx(row(1)) + b"x" * (20 * 1024 * 1024))
        assert reply.status_code == 413
        await intake.nothing_stored(before)


async def test_the_command_imports_reports_and_says_by_its_exit_code_whether_all_rows_were_good(
    intake: Intake, tmp_path: Path
) -> None:
    where = {
        "MONGODB_URL": intake.settings.mongodb_url.get_secret_value(),
        "MONGODB_PREFIX": intake.settings.mongodb_prefix,
    }
    book, report = tmp_path / "so-2019.xlsx", tmp_path / "report.csv"
    book.write_bytes(xlsx(row(1), row(2, **{"Mã TTHC": "9.999999"})))
    tried = await motcua("registers", str(book), "--counter", COUNTER, "--dry-run", "--report", str(report), **where)
    assert (tried.code, "Chưa lưu gì" in tried.out) == (2, True), tried.err
    assert "procedure-unknown" in report.read_text(encoding="utf-8-sig")
    assert await intake.documents("dossiers") == []
    book.write_bytes(xlsx(row(1), row(2)))
    for words in ("Đã nhập 2 hồ sơ, đã có 0", "Đã nhập 0 hồ sơ, đã có 2"):
        done = await motcua("registers", str(book), "--counter", COUNTER, **where)
        assert (done.code, words in done.out) == (0, True), done.said
    wrong = await motcua("registers", str(book), "--counter", "quầy 1", **where)
    assert (wrong.code, "counter-malformed" in wrong.err) == (2, True)
