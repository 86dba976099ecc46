"""The nodes of a policy file, with what is wrong about their form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from yaml.nodes import Node, ScalarNode, SequenceNode

from services.routing.workflows.entries import Cell, RefusedRow
from services.routing.workflows.keys import Slugs, keyed, line_of, type_wrong
from services.routing.workflows.text import clean, quoted

_SLUGS = Slugs("policy-type-wrong", "policy-key-unknown", "policy-key-repeated")


@dataclass(frozen=True)
class Part:
    """A group of keys and the line it begins in."""

    line: int
    said: Mapping[str, Node]


@dataclass
class Nodes:
    """Takes nodes apart and notes what is not as it should be."""

    refused: list[RefusedRow] = field(default_factory=list)

    def part(self, node: Node, known: Sequence[str], what: str) -> Part | None:
        """None: it is no group of keys, and was refused."""
        found = keyed(node, known, what, _SLUGS, self.refused)
        return None if found is None else Part(line_of(node), found)

    def parts(self, part: Part, key: str, known: Sequence[str], what: str) -> list[Part] | None:
        """The groups of a list; None: the key is not there."""
        if key not in part.said:
            return None
        groups = (self.part(node, known, what) for node in self._items(part.said[key], key))
        return [group for group in groups if group is not None]

    def text(self, part: Part, key: str) -> Cell | None:
        """None: the key is not there, or was refused."""
        return self._cell(part.said[key], f"{key} phải là một giá trị") if key in part.said else None

    def texts(self, part: Part, key: str) -> list[Cell]:
        if key not in part.said:
            return []
        cells = (self._cell(node, f"{key} phải là danh sách các giá trị") for node in self._items(part.said[key], key))
        return [cell for cell in cells if cell is not None]

    def required(self, part: Part, key: str, what: str) -> Cell | None:
        if key not in part.said:
            words = f"Dòng {part.line}: {what} thiếu khóa {quoted(key)}."
            self.refused.append(RefusedRow(part.line, "policy-key-missing", words))
        return self.text(part, key)

    def _items(self, node: Node, key: str) -> list[Node]:
        if isinstance(node, SequenceNode):
            return list(node.value)
        self._type_wrong(node, f"{key} phải là danh sách, mỗi mục bắt đầu bằng dấu “- ”; không có mục nào thì viết []")
        return []

    def _cell(self, node: Node, words: str) -> Cell | None:
        if isinstance(node, ScalarNode) and clean(node.value):
            return Cell(clean(node.value), line_of(node))
        self._type_wrong(node, words)
        return None

    def _type_wrong(self, node: Node, words: str) -> None:
        self.refused.append(type_wrong(node, words, _SLUGS))
