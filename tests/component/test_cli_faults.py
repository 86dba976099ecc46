"""The command line when something is missing: clear words and an exit code, never a stack trace."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from local.engines.ports import choose_port
from tests.component.cli_fixtures import CATALOGUE, motcua
from tests.component.cli_fixtures import place as place

NEED_MONGODB = (
    ("check", "--skip-log"),
    ("init",),
    ("issue-key", "intake", "operator", "--label", "x"),
    ("revoke-key", "intake", "0123456789ab"),
    ("republish", "intake"),
    ("catalogue", "FILE"),
    ("agencies", "FILE"),
)


async def test_without_mongodb_every_command_says_so_and_ends_with_3(tmp_path: Path) -> None:
    file = tmp_path / "any.csv"
    file.write_text(CATALOGUE, encoding="utf-8")
    nowhere = f"mongodb://127.0.0.1:{choose_port(0)}/?directConnection=true"
    env = {"MONGODB_URL": nowhere, "KAFKA_BOOTSTRAP": f"127.0.0.1:{choose_port(0)}"}
    given = [[str(file) if word == "FILE" else word for word in arguments] for arguments in NEED_MONGODB]
    for arguments, ended in zip(given, await asyncio.gather(*(motcua(*words, **env) for words in given)), strict=True):
        assert ended.code == 3, (arguments, ended.said)
        assert "mongodb-unreachable" in ended.err


@pytest.mark.parametrize("command", ["init", "check"])
async def test_without_kafka_the_commands_that_need_it_say_so_and_end_with_3(
    place: dict[str, str], command: str
) -> None:
    ended = await motcua(command, **place)
    assert ended.code == 3, ended.said
    assert "kafka-unreachable" in ended.err
    assert place["KAFKA_BOOTSTRAP"] in ended.err


WITHOUT_LOCAL = """
import sys
class Nowhere:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "local":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Nowhere())
from motcua.__main__ import main
main()
"""


@pytest.mark.parametrize("command", ["up", "demo"])
async def test_a_server_without_the_local_tools_says_what_to_use_instead(command: str) -> None:
    ended = await motcua(command, program=("-c", WITHOUT_LOCAL))
    assert ended.code == 2
    assert "local-missing" in ended.err
    assert "docker compose" in ended.err


async def test_a_setting_that_cannot_be_is_named() -> None:
    ended = await motcua("check", MONGODB_PREFIX="Bad Prefix")
    assert ended.code == 2, ended.said
    assert "mongodb_prefix" in ended.err.lower()
