"""`motcua parked`, `letters`, `operations`: what an operator types, with a worker beside it and without one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from contracts.problems import NotYet
from services.kit.lease import Lease
from services.kit.retrier import Retrier
from tests.component.cli_fixtures import Ended, motcua
from tests.component.cli_fixtures import place as place
from tests.component.counter_fixtures import answers, register, send
from tests.component.service_fixtures import COUNTER, PROCEDURE, Intake

WHO = ("--by", "operator-7", "--reason", "bên gửi đã báo mã đúng")


@asynccontextmanager
async def worker(intake: Intake) -> AsyncIterator[None]:
    """What the worker that leads does about parked keys."""
    lease = Lease(intake.mongo, "worker", ttl_s=600)
    assert await lease.hold()
    stop = asyncio.Event()
    running = asyncio.create_task(Retrier(intake.mongo, intake.consumer, lease, pause_s=0.1).run(stop))
    yield
    stop.set()
    await running


@pytest.fixture
def here(place: dict[str, str], intake: Intake) -> dict[str, str]:
    return place | {"MONGODB_PREFIX": intake.settings.mongodb_prefix}


def data(ended: Ended) -> object:
    assert ended.code in (0, 1), ended.said
    return json.loads(ended.out)


async def refused_command(intake: Intake) -> str:
    await send(intake, register(intake, procedure_code="9.999999"), id="command-1")
    [letter] = await intake.documents("dead_letters")
    return str(letter["_id"])


async def test_a_letter_is_found_looked_at_corrected_and_replayed(
    intake: Intake, here: dict[str, str], tmp_path: Path
) -> None:
    id = await refused_command(intake)
    listed = await motcua("letters", "list", **here)
    assert (listed.code, id in listed.out, "procedure-unknown" in listed.out) == (0, True, True)
    shown = await motcua("letters", "show", id, **here)
    assert "command-1" in shown.out
    assert "9.999999" not in listed.out + shown.out
    body = tmp_path / "body.json"
    read = await motcua("letters", "content", id, *WHO, "--save", str(body), **here)
    assert read.code == 0, read.said
    body.write_text(json.dumps(json.loads(body.read_bytes()) | {"procedure_code": PROCEDURE}), encoding="utf-8")
    edited = await motcua("letters", "edit", id, "--body", str(body), *WHO, **here)
    assert (edited.code, "body.procedure_code" in edited.out) == (0, True), edited.said
    async with worker(intake):
        replayed = await motcua("letters", "replay", id, *WHO, **here)
    assert (replayed.code, "đã làm, có hiệu lực" in replayed.out) == (0, True), replayed.said
    assert len(await intake.documents("dossiers")) == 1
    assert [answer["answer"] for answer in await answers(intake)] == ["command-rejected", "command-accepted"]
    again = await motcua("letters", "replay", id, *WHO, **here)
    assert (again.code, "letter-not-open" in again.err) == (2, True)
    log = data(await motcua("operations", "log", "--subject", id, "--json", **here))
    assert isinstance(log, list)
    assert [row["command"] for row in log] == ["letters.replay", "letters.edit", "letters.read"]
    assert {row["by"] for row in log} == {"operator-7"}


async def test_without_a_worker_it_is_stored_and_said_and_a_worker_that_comes_later_does_it(
    intake: Intake, here: dict[str, str]
) -> None:
    id = await refused_command(intake)
    asked = await motcua("letters", "replay", id, *WHO, "--no-wait", "--json", **here)
    [operation] = data(asked)  # type: ignore[misc]
    assert (asked.code, operation["state"]) == (0, "requested")
    [stuck] = data(await motcua("operations", "log", "--state", "requested", "--json", **here))  # type: ignore[misc]
    assert stuck["id"] == operation["id"]
    await intake.retry()
    assert data(await motcua("operations", "log", "--state", "requested", "--json", **here)) == []


async def test_all_letters_of_a_cause_are_replayed_and_those_that_cannot_be_are_named(
    intake: Intake, here: dict[str, str]
) -> None:
    wrong = [register(intake, f"R-{number}", procedure_code="9.999999") for number in range(3)]
    await send(intake, *wrong)
    unreadable = intake.record(register(intake, "R-9"), "counter.intake.v1", key=f"{COUNTER}.1")
    await intake.consumer.handle([unreadable])
    async with worker(intake):
        options = ("--slug", "procedure-unknown", "--service", "intake")
        again = await motcua("letters", "replay", *options, *WHO, "--json", **here)
        rows = data(again)
        assert isinstance(rows, list)
        assert [row["result"]["slug"] for row in rows] == ["procedure-unknown"] * 3
        assert again.code == 1
    ids = sorted(letter["_id"] for letter in await intake.documents("dead_letters"))
    mixed = await motcua("letters", "replay", *ids, *WHO, "--no-wait", **here)
    assert (mixed.code, mixed.out.count("letter-unreadable")) == (1, 1), mixed.said
    both = await motcua("letters", "replay", *ids, *options, *WHO, **here)
    assert (both.code, "options-exclusive" in both.err) == (2, True)


async def test_letters_are_closed_and_opened_again(intake: Intake, here: dict[str, str]) -> None:
    id = await refused_command(intake)
    assert (await motcua("letters", "close", id, *WHO, **here)).code == 0
    assert "Không có thư chết nào" in (await motcua("letters", "list", **here)).out
    closed = data(await motcua("letters", "list", "--state", "closed", "--service", "intake", "--json", **here))
    assert isinstance(closed, dict)
    assert [letter["id"] for letter in closed["intake"]["letters"]] == [id]
    assert (await motcua("letters", "reopen", id, *WHO, **here)).code == 0
    assert id in (await motcua("letters", "list", **here)).out


async def test_a_parked_key_is_found_tried_and_its_head_dropped(intake: Intake, here: dict[str, str]) -> None:
    def never(*_: object) -> None:
        raise NotYet("fact-missing", "Chưa có.")

    intake.consumer.handlers = {type(register(intake)): never}
    await send(intake, register(intake))
    id = f"intake|{COUNTER}/R-1"
    listed = await motcua("parked", "list", **here)
    assert (id in listed.out, "fact-missing" in listed.out) == (True, True)
    shown = data(await motcua("parked", "show", id, "--json", **here))
    assert isinstance(shown, dict)
    read = data(await motcua("parked", "content", shown["head"], *WHO, **here))
    assert isinstance(read, dict)
    assert "R-1" in read["body"]
    async with worker(intake):
        tried = await motcua("parked", "retry", id, *WHO, **here)
        assert (tried.code, "đã thử, vẫn bị giữ (fact-missing)" in tried.out) == (1, True), tried.said
        skipped = await motcua("parked", "skip", id, "--head", shown["head"], *WHO, **here)
        assert (skipped.code, "đã bỏ qua" in skipped.out) == (0, True), skipped.said
    assert "Không có hồ sơ nào bị giữ" in (await motcua("parked", "list", **here)).out
    assert (await motcua("parked", "show", id, **here)).code == 2


async def test_a_republish_is_in_the_log_with_who_and_why(here: dict[str, str]) -> None:
    assert (await motcua("republish", "intake", *WHO, **here)).code == 0
    assert (await motcua("republish", "intake", **here)).code == 0, "scripts name nobody"
    log = data(await motcua("operations", "log", "--subject", "journal:intake", "--json", **here))
    assert isinstance(log, list)
    assert [(row["subject"], row["state"], row["result"]["outcome"]) for row in log] == [
        ("journal:intake", "done", "finished"),
    ] * 2
    assert {log[1]["by"], log[1]["reason"]} == {WHO[1], WHO[3]}
    assert log[0]["by"]
    assert "gửi lại nhật ký sự kiện" in (await motcua("operations", "log", **here)).out
    refused = await motcua("republish", "intake", "--by", "Nguyễn Văn A", **here)
    assert (refused.code, "account-malformed" in refused.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "slug"),
    [
        (("letters", "close", "intake/x", "--by", "Nguyễn Văn A", "--reason", "đã gửi lại"), "account-malformed"),
        (("letters", "close", "intake/x", "--by", "op", "--reason", "x"), "reason-missing"),
        (("letters", "close", "intake/x", "--by", "op", "--reason", "gọi 0901234001"), "reason-personal"),
        (("letters", "close", "intake/x", *WHO), "letter-unknown"),
        (("letters", "show", "elsewhere/x"), "service-unknown"),
        (("letters", "edit", "intake/x", "--header", "ce_type", *WHO), "header-malformed"),
        (("letters", "edit", "intake/x", "--body", "nowhere.json", *WHO), "file-unreadable"),
        (("letters", "replay", *WHO), "options-exclusive"),
        (("parked", "retry", *WHO), "service-unknown"),
        (("parked", "retry", "routing|x", *WHO), "parked-key-unknown"),
        (("letters", "list", "--after", "x"), "page-unknown"),
    ],
)
async def test_a_wrong_argument_is_refused_in_words(
    place: dict[str, str], arguments: tuple[str, ...], slug: str
) -> None:
    ended = await motcua(*arguments, **place)
    assert (ended.code, slug in ended.err) == (2, True), ended.said
