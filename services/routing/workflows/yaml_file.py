"""YAML to texts with their lines. Only its plain part is read: no anchors, no tags, nothing is constructed.

Nothing is converted either: `1.003877` stays the code of a procedure, and `2` the id of a step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import yaml
from yaml.nodes import Node, ScalarNode, SequenceNode

from contracts.problems import Invalid
from services.routing.workflows.entries import MANY, OF_WORKFLOW, ONE, Cell, RawStep, RawWorkflow, RefusedRow
from services.routing.workflows.keys import Slugs, keyed, line_at, line_of, type_wrong
from services.routing.workflows.text import clean, quoted

MOST_DEPTH = 12
"""A workflow file needs 6; deeper ones only exhaust the reader."""
_SLUGS = Slugs("workflow-type-wrong", "workflow-key-unknown", "workflow-key-repeated")
_NULL = "tag:yaml.org,2002:null"
_TOP, _WORKFLOW, _STEP = ("workflows",), (*OF_WORKFLOW, "steps"), (*ONE, *MANY)
_NOT_USED = "neo và bí danh (& *)", "nhãn kiểu (!)", "nhiều tài liệu trong một tệp (---)", "lồng quá sâu"


def read_yaml(text: str) -> tuple[list[RawWorkflow], list[RefusedRow]]:
    """
    Raises: Invalid `yaml-malformed`, `yaml-not-allowed`, with the line.
    """
    root = composed(text)
    reading = _Reading()
    return (list(reading.workflows(root)) if root is not None else []), reading.refused


def composed(text: str) -> Node | None:
    """The nodes of a file; None: it says nothing.

    Raises: Invalid `yaml-malformed`, `yaml-not-allowed`, with the line.
    """
    try:
        _check_plain(text)
        root: Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _malformed(line_at(mark), error.problem or "") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _malformed(line, f"ký tự không được phép: U+{ord(text[error.position]):04X}") from None
    return root


def _malformed(line: int, why: str) -> Invalid:
    words = f"Dòng {line}: YAML sai cú pháp ({why}). Kiểm tra thụt lề, dấu hai chấm và dấu nháy."
    return Invalid("yaml-malformed", words, line=line)


def _check_plain(text: str) -> None:
    """Look at the stream before anything is built of it: aliases multiply, depth costs stack."""
    depth = documents = 0
    for event in _events(text):
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        documents += isinstance(event, yaml.DocumentStartEvent)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        faults = (anchor is not None, tag is not None, documents > 1, depth > MOST_DEPTH)
        for wrong, what in zip(faults, _NOT_USED, strict=True):
            if wrong:
                line = line_at(event.start_mark)
                raise Invalid("yaml-not-allowed", f"Dòng {line}: tệp không dùng {what}.", line=line)


def _events(text: str) -> Iterator[yaml.Event]:
    events = yaml.parse(text, Loader=yaml.SafeLoader)
    line = 1
    while True:
        try:
            event = next(events)
            if isinstance(event, yaml.ScalarEvent):
                event.value.encode()
        except StopIteration:
            return
        except (ValueError, OverflowError):  # an escaped character that does not exist, or half of one
            raise _malformed(line, "mã ký tự không có thật") from None
        line = line_at(event.end_mark)
        yield event


@dataclass
class _Reading:
    """Goes through the nodes and notes what is not as it should be."""

    refused: list[RefusedRow] = field(default_factory=list)

    def workflows(self, root: Node) -> Iterator[RawWorkflow]:
        top = keyed(root, _TOP, "tệp", _SLUGS, self.refused)
        if top is None:
            return
        listed = self._required(top, "workflows", root)
        for node in self._items(listed, "workflows"):
            said = keyed(node, _WORKFLOW, "quy trình", _SLUGS, self.refused)
            if said is None:
                continue
            one = {key: cell for key in OF_WORKFLOW if (cell := self._text(said, key)) is not None}
            steps = self._items(self._required(said, "steps", node), "steps")
            yield RawWorkflow(line_of(node), one, tuple(filter(None, map(self._step, steps))))

    def _step(self, node: Node) -> RawStep | None:
        said = keyed(node, _STEP, "bước", _SLUGS, self.refused)
        if said is None:
            return None
        one = {key: cell for key in ONE if (cell := self._text(said, key)) is not None}
        many = {key: cells for key in MANY if (cells := self._texts(said, key)) is not None}
        return RawStep(line_of(node), one, many)

    def _required(self, said: Mapping[str, Node], key: str, where: Node) -> Node | None:
        if key not in said:
            words = f"Dòng {line_of(where)}: thiếu khóa {quoted(key)}."
            self.refused.append(RefusedRow(line_of(where), "workflow-key-missing", words))
        return said.get(key)

    def _items(self, node: Node | None, key: str) -> list[Node]:
        if node is None or _is_null(node):
            return []
        if isinstance(node, SequenceNode):
            return list(node.value)
        self._type_wrong(node, f"{key} phải là danh sách, mỗi mục bắt đầu bằng dấu “- ”")
        return []

    def _text(self, said: Mapping[str, Node], key: str) -> Cell | None:
        node = said.get(key)
        if node is None or _is_null(node):
            return None
        if isinstance(node, ScalarNode):
            return Cell(clean(node.value), line_of(node)) if clean(node.value) else None
        self._type_wrong(node, f"{key} phải là một giá trị, không phải danh sách hay các khóa con")
        return None

    def _texts(self, said: Mapping[str, Node], key: str) -> tuple[Cell, ...] | None:
        node = said.get(key)
        if node is None or _is_null(node):
            return None
        items: list[Node] = node.value if isinstance(node, SequenceNode) else [node]
        cells: list[Cell] = []
        for item in items:
            if not isinstance(item, ScalarNode) or _is_null(item) or not clean(item.value):
                self._type_wrong(item, f"{key} phải là danh sách các giá trị, ví dụ [a, b]")
            else:
                cells.append(Cell(clean(item.value), line_of(item)))
        return tuple(cells)

    def _type_wrong(self, node: Node, words: str) -> None:
        self.refused.append(type_wrong(node, words, _SLUGS))


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.tag == _NULL
