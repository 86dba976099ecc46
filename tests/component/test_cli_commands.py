"""The command line as operators use it: real processes, real engines, exit codes and words."""

from __future__ import annotations

import asyncio
import csv
import json
from pathlib import Path

import pytest

from contracts.topics import all_topics
from local.engines import Endpoints
from services.kit.mongo import Mongo
from tests.component.cli_fixtures import CATALOGUE, motcua
from tests.component.cli_fixtures import place as place
from tests.component.service_fixtures import Intake
from tests.drivers import DRIVER

COMMANDS = (
    "up", "demo", "check", "init", "issue-key", "revoke-key", "catalogue", "calendar", "policy", "recompute", "stuck",
    "agencies", "republish", "templates", "officers",
)  # fmt: skip
AGENCIES = """code,name,level,parent,kind
H12,Ủy ban nhân dân tỉnh,tỉnh,,people_committee
H12.970,Ủy ban nhân dân huyện,huyện,H12,people_committee
"""


async def test_help_names_every_command_and_every_command_explains_itself() -> None:
    overview = await motcua("--help")
    assert overview.code == 0
    helps = await asyncio.gather(*(motcua(command, "--help") for command in COMMANDS))
    for command, explained in zip(COMMANDS, helps, strict=True):
        assert command in overview.out
        assert explained.code == 0
        assert f"motcua {command}" in explained.out


async def test_a_word_that_is_no_command_is_said_and_not_zero() -> None:
    ended = await motcua("dance")
    assert ended.code != 0
    assert "dance" in ended.said


async def test_check_of_an_empty_installation_finds_nothing_and_says_it_as_json(place: dict[str, str]) -> None:
    ended = await motcua("check", "--json", "--skip-log", **place)
    assert ended.code == 0
    report = json.loads(ended.out)
    assert report["clean"] is True
    assert report["seen"]["dossiers"] == 0
    assert report["notes"] == ["the event log was not read: no broker given"]
    for_people = await motcua("check", "--skip-log", **place)
    assert for_people.code == 0
    assert "mất (lost)" in for_people.out


async def test_init_makes_topics_and_collections_and_changes_nothing_the_second_time(
    place: dict[str, str], broker: Endpoints
) -> None:
    place["KAFKA_BOOTSTRAP"] = broker.kafka_bootstrap
    first = await motcua("init", **place)
    assert first.code == 0
    assert all(topic.name in first.out for topic in all_topics())
    again = await motcua("init", **place)
    assert again.code == 0
    assert "Topic mới: không có" in again.out
    checked = await motcua("check", "--json", **place)
    assert (checked.code, json.loads(checked.out)["clean"]) == (0, True)


async def test_a_catalogue_is_added_once_and_unchanged_the_second_time(place: dict[str, str], tmp_path: Path) -> None:
    file, report = tmp_path / "catalogue.csv", tmp_path / "report.csv"
    file.write_text(CATALOGUE, encoding="utf-8")
    intake = Mongo(place["MONGODB_URL"], f"{place['MONGODB_PREFIX']}_intake", driver=DRIVER)
    for options in (("--dry-run", "--report", str(report)), ()):
        stopped = await motcua("catalogue", str(file), *options, **place)
        assert (stopped.code, "rows-refused" in stopped.err) == (2, True)
        assert "Thêm 2, đổi 0, giữ nguyên 0, từ chối 2, cần xem lại 0; 1 thủ tục chưa có thời hạn." in stopped.out
        assert "Chưa lưu gì" in stopped.out
        assert "code-repeated: Mã 1.000002 đã có ở dòng 3." in stopped.out
        assert "[/MÃ]" in stopped.out  # quoted, not taken for markup
        assert await intake.collection("procedures").count_documents({}) == 0
    rows = list(csv.DictReader(report.open(encoding="utf-8-sig", newline="")))
    assert [(row["line"], row["outcome"], row["slug"]) for row in rows] == [
        ("2", "added", ""), ("3", "added", ""), ("4", "refused", "code-repeated"), ("5", "refused", "code-malformed"),
    ]  # fmt: skip
    added = await motcua("catalogue", str(file), "--skip-refused", **place)
    assert (added.code, "Thêm 2" in added.out, "Đã công bố" in added.out) == (0, True, True)
    events = await intake.collection("outbox").count_documents({})
    again = await motcua("catalogue", str(file), "--skip-refused", **place)
    assert (again.code, "Thêm 0, đổi 0, giữ nguyên 2" in again.out) == (0, True)
    assert await intake.collection("procedures").count_documents({}) == 2
    assert await intake.collection("outbox").count_documents({}) == events
    await intake.close()


async def test_a_catalogue_comes_with_its_papers_and_a_change_of_them_is_named(
    place: dict[str, str], tmp_path: Path
) -> None:
    file, papers = tmp_path / "catalogue.csv", tmp_path / "papers.jsonl"
    file.write_text("code,name\n1.000001,Thủ tục một\n", encoding="utf-8")
    document = {"name": "Tờ khai", "originals": 1, "copies": 0}
    for count, words in ((1, "Thêm 1, đổi 0"), (2, "Thêm 0, đổi 1")):
        papers.write_text(json.dumps({"code": "1.000001", "documents": [document] * count}), encoding="utf-8")
        ended = await motcua("catalogue", str(file), "--papers", str(papers), **place)
        assert (ended.code, words in ended.out) == (0, True), ended.said
    assert "thành phần hồ sơ" in ended.out
    unwritable = ("--report", str(tmp_path / "no" / "such.csv"))
    ended = await motcua("catalogue", str(file), "--papers", str(papers), *unwritable, **place)
    assert (ended.code, "file-unwritable" in ended.err) == (2, True)


async def test_the_directory_of_agencies_is_replaced_only_when_it_differs(
    place: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "agencies.csv"
    file.write_text(AGENCIES, encoding="utf-8")
    first = await motcua("agencies", str(file), **place)
    again = await motcua("agencies", str(file), **place)
    assert (first.code, again.code) == (0, 0)
    assert "Đã cập nhật" in first.out
    assert "không đổi" in again.out


@pytest.mark.parametrize(
    ("command", "content", "slug"),
    [
        ("catalogue", b"", "file-empty"),
        ("catalogue", b"a,b\n1,2\n", "column-missing"),
        ("catalogue", b"\xff\xfe\x00", "file-not-utf8"),
        ("catalogue", b"PK\x03\x04", "file-type-differs"),
        ("catalogue", None, "file-unreadable"),
        ("agencies", b"name\nH12\n", "column-missing"),
        ("agencies", None, "file-unreadable"),
    ],
)
async def test_a_bad_file_is_refused_with_its_slug_and_nothing_is_stored(
    place: dict[str, str], tmp_path: Path, command: str, content: bytes | None, slug: str
) -> None:
    file = tmp_path / "bad.csv"
    if content is not None:
        file.write_bytes(content)
    ended = await motcua(command, str(file), **place)
    assert ended.code == 2, ended.said
    assert slug in ended.err


async def test_an_issued_key_opens_the_running_api_until_it_is_revoked(place: dict[str, str], intake: Intake) -> None:
    place["MONGODB_PREFIX"] = intake.settings.mongodb_prefix
    issued = await motcua("issue-key", "intake", "counter:H12.970.00", "--label", "quầy thử", **place)
    assert issued.code == 0
    key = issued.out.strip()
    asked = {"url": "/v1/dossiers", "params": {"counter": "H12.970.00"}}
    headers = {"Authorization": f"Bearer {key}"}
    assert (await intake.http.get(**asked, headers=headers)).status_code == 200  # type: ignore[arg-type]
    revoked = await motcua("revoke-key", "intake", key.split("_")[1], **place)
    assert revoked.code == 0
    intake.app.state.keys._cache.clear()  # an old answer counts for 15 seconds
    refused = await intake.http.get(**asked, headers=headers)  # type: ignore[arg-type]
    assert (refused.status_code, refused.json()["slug"]) == (401, "key-unknown")
    unknown = await motcua("revoke-key", "intake", "0123456789ab", **place)
    assert unknown.code == 1


@pytest.mark.parametrize(
    ("arguments", "slug"),
    [
        (("issue-key", "intake", "everything", "--label", "x"), "scope-unknown"),
        (("issue-key", "intake", "--label", "x"), "scope-missing"),
        (("republish", "intake", "--since", "yesterday"), "moment-malformed"),
        (("republish", "intake", "--since", "2026-11-23T00:00:00"), "moment-malformed"),
    ],
)
async def test_a_wrong_argument_is_refused_in_words(
    place: dict[str, str], arguments: tuple[str, ...], slug: str
) -> None:
    ended = await motcua(*arguments, **place)
    assert ended.code == 2, ended.said
    assert slug in ended.err
