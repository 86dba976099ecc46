"""A text with values in braces: `Ho so {dossier_code} …`. Nothing else of Python's formats is understood."""

from __future__ import annotations

import re
from collections.abc import Mapping

from services.notify.templates.domain.values import PREFIX

_PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
STARTS = f"{{{PREFIX}}}"


def names_in(text: str) -> tuple[str, ...]:
    """The values a text names, in order, the prefix among them."""
    return tuple(_PLACE.findall(text))


def literal(text: str) -> str:
    """What is in the text besides values."""
    return _PLACE.sub("", text)


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its values. Braces within a value stay as they are.

    Raises: KeyError: a value that is not there at all.
    """
    return _PLACE.sub(lambda found: values[found[1]], text)
