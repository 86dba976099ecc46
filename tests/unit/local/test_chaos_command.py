"""The command of `make chaos`: what it refuses before anything is started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.problems import Invalid
from local.chaos.__main__ import KAFKA_RUNGS, MONGODB_RUNGS, _outages
from local.chaos.ladder import Outage


def run(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "local.chaos", *words]
    clean = {
        name: value
        for name, value in os.environ.items()
        if name not in {"LADDER", "OUTAGE", "FAULTS", "JSON", "AWAY", "KAFKA_NODES"}
    }
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=clean | environ)


def test_the_faults_can_be_listed() -> None:
    done = run("--names")
    assert done.returncode == 0
    assert "kill-routing-worker" in done.stdout


@pytest.mark.parametrize(
    ("environ", "slug"),
    [
        ({"FAULTS": "no-such"}, "fault-unknown"),
        ({"LADDER": "ten"}, "rungs-malformed"),
        ({"LADDER": "0"}, "rungs-malformed"),
        ({"LADDER": "1", "AWAY": "cut", "KAFKA_NODES": "3"}, "cut-needs-one-node"),
    ],
)
def test_what_is_wrong_is_said_with_its_slug_and_exit_code_2(environ: dict[str, str], slug: str) -> None:
    done = run(**environ)
    assert done.returncode == 2
    assert slug in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    done = run("--json", str(tmp_path / "nowhere" / "chaos.json"))
    assert done.returncode == 2
    assert "file-unwritable" in done.stderr


def test_the_rungs_are_all_those_named_or_one() -> None:
    assert _outages("1", "", 0) == [
        *(Outage("kafka", seconds) for seconds in KAFKA_RUNGS),
        *(Outage("mongodb", seconds) for seconds in MONGODB_RUNGS),
    ]
    assert _outages("60,10", "", 0) == [Outage("kafka", 10.0), Outage("kafka", 60.0)]
    assert _outages("", "10", 0) == [Outage("mongodb", 10.0)]
    assert _outages("", "", 3600) == [Outage("kafka", 3600.0)]
    assert _outages("", "", 0) == []
    with pytest.raises(Invalid):
        _outages("nan", "", 0)
