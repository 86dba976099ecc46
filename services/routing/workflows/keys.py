"""A group of keys in a YAML file, with what is wrong about its form; workflows and policies are read with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode

from services.routing.workflows.entries import RefusedRow
from services.routing.workflows.text import clean, meant, quoted


@dataclass(frozen=True)
class Slugs:
    """What a file calls its faults."""

    type_wrong: str
    key_unknown: str
    key_repeated: str


def line_of(node: Node) -> int:
    """As people count."""
    return line_at(node.start_mark)


def line_at(mark: Any) -> int:
    """As people count; marks count from 0, and the stubs of PyYAML allow that there is none."""
    return int(mark.line) + 1 if mark else 1


def keyed(
    node: Node, known: Sequence[str], what: str, slugs: Slugs, refused: list[RefusedRow]
) -> dict[str, Node] | None:
    """The values by key; None: it is no group of keys. What is wrong goes to `refused`."""
    if not isinstance(node, MappingNode):
        words = f"{what} phải là các dòng “khóa: giá trị”, với các khóa {', '.join(known)}"
        refused.append(type_wrong(node, words, slugs))
        return None
    found: dict[str, Node] = {}
    for key, value in node.value:
        name, line = clean(key.value) if isinstance(key, ScalarNode) else "", line_of(key)
        if name not in known:
            words = f"Dòng {line}: {what} không có khóa {quoted(name)}.{meant(name, known)}"
            refused.append(RefusedRow(line, slugs.key_unknown, words))
        elif name in found:
            words = f"Dòng {line}: khóa {quoted(name)} đã có ở dòng {line_of(found[name])}."
            refused.append(RefusedRow(line, slugs.key_repeated, words))
        else:
            found[name] = value
    return found


def type_wrong(node: Node, words: str, slugs: Slugs) -> RefusedRow:
    """It has another form than is wanted there."""
    return RefusedRow(line_of(node), slugs.type_wrong, f"Dòng {line_of(node)}: {words}.")
