"""Which tests run on which engines: `ENGINES=native` repeats what touches an engine, and nothing else.

A test touches an engine when one of its fixtures, however deep, gives it one. Any other finds no engine at all, so
that none can be left out of the native lane unnoticed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

from local.engines import EngineKind
from local.engines.cache import missing_native

KAFKA, MONGODB = "Kafka", "MongoDB"
BOTH = frozenset({KAFKA, MONGODB})
GIVEN_BY: Mapping[str, frozenset[str]] = {
    "mongodb_url": frozenset({MONGODB}),
    "broker": frozenset({KAFKA}),
    "cluster": frozenset({KAFKA}),
    "engines": BOTH,
}
"""What the fixtures give that start engines."""
WHOLE_SYSTEM = ("tests/journeys/", "tests/faults/", "tests/browser/")
"""Every test of these folders has both."""

ENGINES_OF_THEIR_OWN = "tests/component/test_engines_"

EMBEDDED, NATIVE, CLUSTER, EXTERNAL = "embedded", "native", "cluster", "external"
"""Engine sets; `cluster` is `native` with three nodes of Kafka."""
NO_ENGINE = "none"


def touched(item: pytest.Item) -> frozenset[str]:
    """Say which engines a test works on."""
    if item.nodeid.startswith(WHOLE_SYSTEM):
        return BOTH
    given = (GIVEN_BY.get(name, frozenset()) for name in getattr(item, "fixturenames", ()))
    return frozenset[str]().union(*given)


def is_native(environ: Mapping[str, str] = os.environ) -> bool:
    return environ.get("ENGINES") == EngineKind.NATIVE


def set_of(item: pytest.Item, environ: Mapping[str, str] = os.environ) -> str | None:
    """Name the engine set a test runs on; None for a mixture, of which nothing is recorded."""
    if "cluster" in getattr(item, "fixturenames", ()):
        return CLUSTER
    native = is_native(environ)
    broker = CLUSTER if native and environ.get("KAFKA_NODES") == "3" else NATIVE if native else EMBEDDED
    database = NATIVE if native else EMBEDDED
    kinds = {
        KAFKA: EXTERNAL if environ.get("KAFKA_BOOTSTRAP") else broker,
        MONGODB: EXTERNAL if environ.get("MONGODB_URL") else database,
    }
    used = {kinds[engine] for engine in touched(item)}
    if used == {CLUSTER, NATIVE}:
        return CLUSTER
    return None if len(used) > 1 else next(iter(used), NO_ENGINE)


def belongs(item: pytest.Item, environ: Mapping[str, str] = os.environ) -> bool:
    """Say whether a test runs with these engines.

    What is marked `native` holds on a real broker and a real planner only. Three nodes of Kafka are asked for to
    repeat what works on Kafka.
    """
    if is_native(environ) and environ.get("KAFKA_NODES") == "3":
        return KAFKA in touched(item)
    if is_native(environ):
        return bool(touched(item)) or item.get_closest_marker("native") is not None
    return item.get_closest_marker("native") is None


def pytest_configure() -> None:
    """Nothing is skipped because an engine is missing: the run ends here."""
    missing = missing_native() if is_native() else None
    if missing is not None:
        raise pytest.UsageError(missing)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    others = [item for item in items if not belongs(item)]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if belongs(item)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """A test that touches no engine, as far as its fixtures tell, cannot start one by the environment either."""
    before = os.environ.get("ENGINES")
    if not touched(item):
        os.environ["ENGINES"] = "none: a fixture of tests/lanes.py must give them"
    try:
        return (yield)
    finally:
        if before is None:
            os.environ.pop("ENGINES", None)
        else:
            os.environ["ENGINES"] = before


def share_of(nodeid: str) -> str:
    """Name what a worker takes as one: two whole systems at once would only measure the machine, and engines that a
    module breaks are started once."""
    if nodeid.startswith(WHOLE_SYSTEM):
        return "whole system"
    module = nodeid.partition("::")[0]
    return module if module.startswith(ENGINES_OF_THEIR_OWN) else nodeid


class Shares(LoadScopeScheduling):
    """Instead of `--dist loadgroup`, which pytest 9.2 has made a word without effect (xdist 3.8)."""

    def _split_scope(self, nodeid: str) -> str:
        return share_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Shares:
    return Shares(config, log)


def pytest_report_header() -> str:
    if is_native():
        return "engines: native; tests that touch no engine are left to `make test`"
    return "engines: embedded or as given; tests marked native are left to `make test-native`"
