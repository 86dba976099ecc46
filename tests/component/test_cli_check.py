"""`motcua check` as a command: exit codes, what it keeps, and its machine-readable form as documented."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from contracts.topics import all_topics
from local.engines import Endpoints
from motcua.check.findings import KINDS
from motcua.check.verdicts import CHECKS
from services.kit.kafka import create_topics
from services.kit.mongo import Mongo
from services.routing.store import CASES
from tests.component.cli_fixtures import motcua
from tests.component.cli_fixtures import place as place
from tests.drivers import DRIVER
from tests.unit.routing.case_fixtures import CODE, case

GUARANTEES = Path(__file__).parents[2] / "docs" / "guarantees.md"


@pytest.fixture
async def intake(place: dict[str, str]) -> AsyncIterator[Mongo]:
    mongo = Mongo(place["MONGODB_URL"], f"{place['MONGODB_PREFIX']}_intake", driver=DRIVER)
    yield mongo
    await mongo.close()


async def plant(place: dict[str, str], **changes: Any) -> None:
    """A case that no dossier belongs to."""
    routing = Mongo(place["MONGODB_URL"], f"{place['MONGODB_PREFIX']}_routing", driver=DRIVER)
    await routing.collection("cases").insert_one({"_id": CODE, **CASES.to_document(case()), **changes})
    await routing.close()


async def test_the_exit_code_and_the_kept_verdict_say_what_was_found(place: dict[str, str], intake: Mongo) -> None:
    nothing = await motcua("check", "--last", **place)
    assert (nothing.code, "Chưa có lần kiểm tra nào" in nothing.out) == (0, True)
    clean = await motcua("check", "--skip-log", **place)
    assert clean.code == 0, clean.said
    await plant(place)
    unkept = await motcua("check", "--skip-log", "--no-save", **place)
    assert (unkept.code, "case-without-dossier" in unkept.out) == (1, True)
    assert (await motcua("check", "--last", **place)).code == 0
    kept = await motcua("check", "--skip-log", "--json", **place)
    last = await motcua("check", "--last", **place)
    assert (kept.code, last.code, "case-without-dossier" in last.out) == (1, 1, True)
    said = json.loads((await motcua("check", "--last", "--json", **place)).out)
    assert said["rules"] == json.loads(kept.out)["rules"]
    assert await intake.collection(CHECKS).count_documents({}) == 2


async def test_the_machine_readable_form_has_the_documented_fields(place: dict[str, str]) -> None:
    await plant(place)
    ended = await motcua("check", "--skip-log", "--json", **place)
    said = json.loads(ended.out)
    section = GUARANTEES.read_text(encoding="utf-8").partition("### The report as JSON")[2].partition("\n#")[0]
    named = re.findall(r"^\| `(\w+)`", section, re.MULTILINE)
    assert named == [*said, *said["findings"][0]]
    assert tuple(said["counts"]) == KINDS
    assert said["version"] == 1


async def test_a_case_that_cannot_be_read_is_a_finding_and_the_rest_is_compared(place: dict[str, str]) -> None:
    await plant(place, steps=[{"state": "lost"}])
    for options in ((), ("--incremental",), ("--incremental",)):
        ended = await motcua("check", "--skip-log", "--json", *options, **place)
        assert ended.code == 1, ended.said
        rules = json.loads(ended.out)["rules"]
        assert rules.get("document-unreadable") == 1, rules
        assert "case-without-dossier" not in rules


@pytest.mark.parametrize(
    "arguments", [("--from-start",), ("--recount",), ("--grace", "-1"), ("--incremental", "--pause", "-1")]
)
async def test_options_that_make_no_sense_are_refused(place: dict[str, str], arguments: tuple[str, ...]) -> None:
    ended = await motcua("check", *arguments, **place)
    assert (ended.code, "options-exclusive" in ended.err) == (2, True), ended.said


async def test_from_cron_it_goes_on_where_it_stopped_and_notices_an_empty_broker(
    place: dict[str, str], broker: Endpoints
) -> None:
    place["KAFKA_BOOTSTRAP"] = broker.kafka_bootstrap
    await create_topics(broker.kafka_bootstrap, all_topics())
    first = await motcua("check", "--incremental", "--json", **place)
    second = await motcua("check", "--incremental", "--json", **place)
    assert (first.code, second.code) == (0, 0), first.said + second.said
    started_over = ["everything was read" in " ".join(json.loads(ended.out)["notes"]) for ended in (first, second)]
    assert started_over == [True, False]
    place["KAFKA_EPOCH"] = "2"
    third = await motcua("check", "--incremental", "--json", **place)
    assert "everything was read: the event log has a new epoch" in json.loads(third.out)["notes"]
