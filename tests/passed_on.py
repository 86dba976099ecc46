"""On which engines each semantic test passed: those that docs/guarantees.md names.

`PASSED_ON=record` notes it in tests/passed_on.json and writes the table of docs/guarantees.md anew (`make guarantees`);
`PASSED_ON=check` fails a run that differs from what is noted. Neither file depends on when or where it was made.
"""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.lanes import CLUSTER, EMBEDDED, EXTERNAL, NATIVE, NO_ENGINE, set_of, touched

ROOT = Path(__file__).parents[1]
PAGE, RECORD = ROOT / "docs" / "guarantees.md", Path(__file__).with_suffix(".json")
BEGIN, END = "<!-- passed on: written by `make guarantees` -->", "<!-- end of passed on -->"
SETS = (EMBEDDED, NATIVE, CLUSTER, EXTERNAL)
PASSED, REST = "passed", "·"
TEST = re.compile(r"`(test_[a-z0-9_]+)`")

Record = dict[str, dict[str, list[str]]]
"""Name of a test: the engines it works on (`uses`), the sets it passed on (`passed`)."""


def named(page: str) -> set[str]:
    """Return the tests that a page names, outside the table."""
    return set(TEST.findall(page.partition(BEGIN)[0] + page.partition(END)[2]))


def table(record: Record) -> str:
    """Return the part of the page that is made from the record."""
    lines = ["| test | works on | embedded | native | three nodes | yours |", "|---|---|---|---|---|---|"]
    for name in sorted(record):
        uses, passed = record[name]["uses"], record[name]["passed"]
        cells = [PASSED if one in passed else REST for one in SETS] if uses else ["needs none", REST, REST, REST]
        lines.append(f"| `{name}` | {', '.join(uses) or REST} | {' | '.join(cells)} |")
    return "\n".join((BEGIN, *lines, END))


def with_table(page: str, record: Record) -> str:
    """Return the page with the table of this record.

    Raises ValueError when the page has no place for it.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} has no {BEGIN} ... {END}")
    return before + table(record) + after


def read_record() -> Record:
    found: Record = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    return found


@dataclass
class Seen:
    """What a run showed of one test."""

    uses: set[str] = field(default_factory=set)
    passed: set[str] = field(default_factory=set)
    not_passed: set[str] = field(default_factory=set)

    @property
    def sets(self) -> set[str]:
        return self.passed - self.not_passed


def merged(record: Record, seen: Mapping[str, Seen], names: Iterable[str]) -> Record:
    """Return the record with what was seen; a set on which a test did not pass any more is taken away."""
    result: Record = {}
    for name in sorted(names):
        old, new = record.get(name, {"uses": [], "passed": []}), seen.get(name, Seen())
        passed = (set(old["passed"]) - new.not_passed) | new.sets
        uses = new.uses if name in seen else set(old["uses"])
        if passed:
            result[name] = {"uses": sorted(uses), "passed": [one for one in (NO_ENGINE, *SETS) if one in passed]}
    return result


def differences(record: Record, seen: Mapping[str, Seen]) -> list[str]:
    """Say where a run differs from the record; what did not run says nothing."""
    found = []
    for name, new in sorted(seen.items()):
        old = set(record.get(name, {"passed": []})["passed"])
        found += [f"{name}: passed on {one}, not recorded" for one in sorted(new.sets - old)]
        found += [f"{name}: recorded for {one}, did not pass there" for one in sorted(old & new.not_passed)]
    return found


class Recorder:
    """The part that pytest calls. Workers tag each test with its engines; the tags travel with the reports."""

    def __init__(self, mode: str, names: set[str]) -> None:
        self.mode, self.names = mode, names
        self.seen: dict[str, Seen] = defaultdict(Seen)
        self.said: list[str] = []

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        for item in items:
            if _name(item.nodeid) in self.names:
                item.user_properties.append(("passed on", (set_of(item), sorted(touched(item)))))
        if self.mode == "record":
            wanted = [item for item in items if _name(item.nodeid) in self.names]
            config.hook.pytest_deselected(items=[item for item in items if item not in wanted])
            items[:] = wanted

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for what, (one, uses) in (found for found in report.user_properties if found[0] == "passed on"):
            assert what
            if one is None:
                continue
            seen = self.seen[_name(report.nodeid)]
            seen.uses |= set(uses)
            if report.passed and report.when == "call":
                seen.passed.add(one)
            elif not report.passed:
                seen.not_passed.add(one)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(session.config, "workerinput"):
            return
        if self.mode == "record":
            record = merged(read_record(), self.seen, self.names)
            RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
            PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), record), encoding="utf-8")
            return
        self.said = differences(read_record(), self.seen)
        if self.said and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.said:
            terminalreporter.section("engines of the guarantees: run `make guarantees`", red=True)
            for line in self.said:
                terminalreporter.line(line)


def _name(nodeid: str) -> str:
    """The function's name: no class, no parameters."""
    return nodeid.partition("[")[0].rpartition("::")[2]


def pytest_configure(config: pytest.Config) -> None:
    mode = os.environ.get("PASSED_ON", "")
    if mode not in ("", "check", "record"):
        raise pytest.UsageError("PASSED_ON is check or record")
    if mode:
        config.pluginmanager.register(Recorder(mode, named(PAGE.read_text(encoding="utf-8"))), "passed-on")
