"""Filling the cache of the native engines, with stand-ins for Maven and cargo on the PATH."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from local.engines import BinaryMissing, Kafka, SecantusRs, cache, prepare

JAVA = "echo 'openjdk version \"17.0.15\" 2025-04-15' >&2"
MAVEN = """for word in "$@"; do case "$word" in -DoutputDirectory=*) folder="${word#*=}";; esac; done
mkdir -p "$folder" && touch "$folder/kafka_2.13.jar" && echo run >> "$CALLS" """
CARGO = """while [ $# -gt 0 ]; do
[ "$1" = --root ] && root="$2"
[ "$1" = --ignore-rust-version ] && echo old >> "$CALLS"
shift
done; mkdir -p "$root/bin" && touch "$root/bin/secantusd-rs" && echo run >> "$CALLS" """
RUSTC = "echo 'rustc 1.98.0 (abc 2026-08-01)'"


class Workshop:
    """A PATH that holds only what the test puts there, and an empty cache."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tools, self.calls = folder / "tools", folder / "calls"
        self.tools.mkdir()
        monkeypatch.setenv("MOTCUA_CACHE", str(folder / "cache"))
        monkeypatch.setenv("CALLS", str(self.calls))
        monkeypatch.setenv("PATH", str(self.tools))
        monkeypatch.delenv("JAVA_HOME", raising=False)

    def add(self, name: str, script: str) -> None:
        tool = self.tools / name
        tool.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
        tool.chmod(0o755)

    def called(self) -> list[str]:
        return self.calls.read_text().split() if self.calls.exists() else []


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    return Workshop(tmp_path, monkeypatch)


def test_kafka_is_fetched_once(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    workshop.add("java", JAVA)
    workshop.add("mvn", MAVEN)
    assert prepare.main(["kafka"]) == 0
    assert (cache.kafka_jars() / "kafka_2.13.jar").exists()
    assert prepare.main(["kafka"]) == 0
    assert workshop.called() == ["run"]
    assert "đã có" in capsys.readouterr().out


def test_the_database_is_built_once_and_leaves_no_intermediate_files(workshop: Workshop) -> None:
    for name, script in {"cargo": CARGO, "rustc": RUSTC, "cc": "true", "cmake": "true"}.items():
        workshop.add(name, script)
    assert prepare.main(["secantus-rs"]) == 0
    assert prepare.main(["secantus-rs"]) == 0
    assert cache.secantus_rs_binary().exists()
    assert workshop.called() == ["run"]
    assert not list(cache.cache_root().glob(".staging-*"))


def test_a_compiler_older_than_declared_is_tried_and_told(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    old = "echo 'rustc 1.95.0 (abc 2026-04-14)'"
    for name, script in {"cargo": CARGO, "rustc": old, "cc": "true", "cmake": "true"}.items():
        workshop.add(name, script)
    assert prepare.main(["secantus-rs"]) == 0
    assert workshop.called() == ["old", "run"]
    assert "1.98" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("tools", "missing"),
    [({}, "java"), ({"java": "echo 'version \"11.0.2\"'"}, "java 17"), ({"java": JAVA}, "mvn")],
)
def test_a_missing_tool_of_kafka_is_named_with_its_remedy(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], tools: dict[str, str], missing: str
) -> None:
    for name, script in tools.items():
        workshop.add(name, script)
    assert prepare.main(["kafka"]) == 1
    assert re.search(f"«{missing}».*apt-get install", capsys.readouterr().out)


def test_one_failure_does_not_stop_the_other_engine(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    workshop.add("java", JAVA)
    workshop.add("mvn", MAVEN)
    assert prepare.main([]) == 1
    assert cache.kafka_jars().exists()
    assert "«cargo»" in capsys.readouterr().out


def test_what_is_missing_is_said_before_anything_is_fetched(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    workshop.add("java", JAVA)
    workshop.add("mvn", MAVEN)
    for name in ("cargo", "cc"):
        workshop.add(name, "true")
    assert prepare.main([]) == 1
    said = capsys.readouterr().out
    assert said.index("«rustc»") < said.index("Maven")


def test_a_kafka_that_was_prepared_still_needs_java(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    cache.kafka_jars().mkdir(parents=True)
    assert prepare.main(["kafka"]) == 1
    assert "«java»" in capsys.readouterr().out
    workshop.add("java", JAVA)
    assert prepare.main(["kafka"]) == 0


def test_a_failed_fetch_shows_its_last_words_and_leaves_nothing_that_looks_finished(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    workshop.add("java", JAVA)
    workshop.add("mvn", "echo 'checksum validation failed'; exit 1")
    assert prepare.main(["kafka"]) == 1
    assert "checksum validation failed" in capsys.readouterr().out
    assert not cache.kafka_jars().exists()
    assert not list(cache.cache_root().glob(".staging-*"))


def test_native_engines_that_were_not_prepared_say_what_to_run(workshop: Workshop, tmp_path: Path) -> None:
    workshop.add("java", JAVA)
    for engine in (Kafka(tmp_path / "kafka"), SecantusRs(tmp_path / "secantus-rs")):
        with pytest.raises(BinaryMissing, match="make engines"):
            engine.command()
    assert "make engines" in (cache.missing_native() or "")
