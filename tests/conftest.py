"""How the tests are shared out among workers; no example is timed."""

from __future__ import annotations

import pytest
from hypothesis import settings

# The 200 ms that an example may take by default fail on a busy machine, not on a wrong answer.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

TOGETHER = ("tests/journeys/", "tests/faults/")
"""Each of these folders stays with one worker: its stories share an installation, and two installations that are being
broken at once would only measure the machine."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(TOGETHER):
            item.add_marker(pytest.mark.xdist_group("whole-system"))
