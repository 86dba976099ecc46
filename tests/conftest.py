"""No example is timed; which tests run on which engines is in `lanes.py`."""

from __future__ import annotations

import gc
from functools import cache
from typing import Any, get_args

from fastapi._compat import v2
from hypothesis import settings
from pydantic import TypeAdapter

pytest_plugins = ("tests.lanes", "tests.passed_on")

# The 200 ms that an example may take by default fail on a busy machine, not on a wrong answer.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@cache
def _adapter(annotation: Any, how: str, config: str) -> list[Any]:
    """A place for what is built once."""
    return []


def _remembered(type: Any, *, config: Any = None) -> Any:
    """Applications are made for one test each, from the same functions: what their parameters are checked with is the
    same every time, and to build it was a sixth of the whole suite."""
    annotation, *how = get_args(type)
    place = _adapter(annotation, repr(how), repr(config))
    if not place:
        place.append(TypeAdapter(type, config=config))
    return place[0]


v2.TypeAdapter = _remembered  # type: ignore[misc,assignment]


def pytest_collection_finish() -> None:
    """Thousands of tests and what they import stay until the end: who collects garbage need not look at them again
    and again (0.2 s each time)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
