"""What an installation has not set up."""

from __future__ import annotations

from typing import ClassVar

from contracts.problems import Kind, Refused


class Off(Refused):
    """A key is missing in the settings, so this part of notify is not there; HTTP 503."""

    kind: ClassVar[Kind] = "unavailable"
