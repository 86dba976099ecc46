"""How the tests are shared out among workers."""

from __future__ import annotations

import pytest

TOGETHER = ("tests/journeys/", "tests/faults/")
"""Each of these folders stays with one worker: its stories share an installation, and two installations that are being
broken at once would only measure the machine."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(TOGETHER):
            item.add_marker(pytest.mark.xdist_group("whole-system"))
