"""Points of the road do nothing unless asked, and then exactly once."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from local.faults.strikes import Strikes
from services.kit import points
from services.kit.settings import Settings

PASS_TWICE = """
import asyncio, sys
from pathlib import Path
from services.kit import points

async def main():
    points.arm("worker", Path(sys.argv[1]))
    await points.reached("relay-after-mark")
    print("first", flush=True)
    await points.reached("relay-after-publish")
    print("second", flush=True)

asyncio.run(main())
"""


@pytest.fixture
def strikes(tmp_path: Path) -> Iterator[Strikes]:
    points.arm("worker", tmp_path)
    yield Strikes(tmp_path)
    points.arm("", None)


async def test_a_process_without_a_fault_folder_passes_every_point(tmp_path: Path) -> None:
    Strikes(tmp_path).arm("worker", "relay-after-mark", "fail")
    points.arm("worker", None)
    await points.reached("relay-after-mark")
    assert not Strikes(tmp_path).struck("worker", "relay-after-mark")


async def test_a_point_fails_once_and_only_in_the_process_that_was_named(strikes: Strikes) -> None:
    strikes.arm("worker", "relay-after-mark", "fail")
    strikes.arm("other-worker", "relay-after-mark", "fail")
    with pytest.raises(points.PointFailed):
        await points.reached("relay-after-mark")
    assert strikes.struck("worker", "relay-after-mark")
    assert not strikes.struck("other-worker", "relay-after-mark")
    await points.reached("relay-after-mark")


async def test_only_the_named_point_acts(strikes: Strikes) -> None:
    strikes.arm("worker", "relay-after-mark", "fail")
    await points.reached("relay-after-publish")
    assert strikes.disarm("worker", "relay-after-mark")
    await points.reached("relay-after-mark")


async def test_a_point_waits_as_long_as_its_file_says(strikes: Strikes) -> None:
    strikes.arm("worker", "relay-after-mark", "wait 0")
    await points.reached("relay-after-mark")
    assert strikes.struck("worker", "relay-after-mark")


async def test_a_strike_that_nobody_knows_is_said_loudly(strikes: Strikes) -> None:
    strikes.arm("worker", "relay-after-mark", "explode")
    with pytest.raises(points.UnknownStrike, match="explode"):
        await points.reached("relay-after-mark")


def test_kill_ends_the_process_at_the_point_and_not_before_and_not_again(tmp_path: Path) -> None:
    strikes = Strikes(tmp_path)
    strikes.arm("worker", "relay-after-publish", "kill")
    killed, unharmed = (
        subprocess.run([sys.executable, "-c", PASS_TWICE, str(tmp_path)], capture_output=True, text=True, check=False)
        for _ in range(2)
    )
    assert (killed.returncode, killed.stdout.split()) == (-signal.SIGKILL, ["first"])
    assert strikes.struck("worker", "relay-after-publish")
    assert (unharmed.returncode, unharmed.stdout.split()) == (0, ["first", "second"])


def test_production_refuses_a_fault_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAULT_DIR", str(tmp_path))
    assert Settings().fault_dir == tmp_path
    monkeypatch.setenv("ENVIRONMENT", "production")
    with pytest.raises(ValidationError, match="FAULT_DIR"):
        Settings()
