"""Templates in a YAML file: read whole, or refused whole with every fault and its line; and written again.

Only YAML's plain part is read, and nothing is converted by its looks: `300101` stays the id of a template.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from contracts.problems import Invalid
from contracts.types import NoticeKind
from services.kit.file_text import utf8
from services.notify.templates.domain.content import Content
from services.notify.templates.domain.rules import Fault, faults
from services.notify.templates.reading import as_data, read_content

MOST_BYTES = 1024 * 1024
MOST_DEPTH = 10
TOP = "templates"
_HEAD = """\
# Mẫu tin thông báo. Sửa rồi nạp lại: motcua templates import TỆP [--dry-run].
"""


@dataclass(frozen=True)
class FileFault:
    """One thing to correct in a file."""

    line: int
    fault: Fault


@dataclass
class TemplateFile:
    """Taken whole or not at all."""

    contents: dict[NoticeKind, Content] = field(default_factory=dict)
    faults: list[FileFault] = field(default_factory=list)


def read_templates(content: bytes, prefix: str) -> TemplateFile:
    """
    Raises: Invalid `file-too-big`, `file-empty`, `file-not-utf8`, `yaml-malformed`, `yaml-not-allowed`, when it cannot
        be read at all; other faults are in the result.
    """
    root = _composed(_decoded(content))
    if root is None:
        raise Invalid("file-empty", "Tệp không có nội dung.")
    reading = _Reading()
    data = reading.plain(root, "")
    if not isinstance(data, dict) or set(data) != {TOP} or not isinstance(data[TOP], dict):
        words = f"Tệp phải có đúng một khóa {TOP}, dưới đó mỗi loại tin một khóa."
        reading.found.append(FileFault(1, Fault("template-field-wrong", TOP, words)))
        return TemplateFile({}, reading.found)
    file = TemplateFile({}, reading.found)
    for name, said in data[TOP].items():
        where = f"{TOP}.{name}"
        kind = reading.kind(name, where)
        if kind is None:
            continue
        read = read_content(said)
        if isinstance(read, Content):
            file.contents[kind] = read
        found = faults(kind, read, prefix) if isinstance(read, Content) else read
        file.faults += [reading.placed(Fault(f.slug, f"{where}.{f.where}", f.reason)) for f in found]
    file.faults.sort(key=lambda fault: fault.line)
    return file


@dataclass
class _Reading:
    """Nodes to plain data; where what stands is remembered."""

    lines: dict[str, int] = field(default_factory=dict)
    found: list[FileFault] = field(default_factory=list)

    def plain(self, node: Node, at: str) -> Any:
        """Mappings, lists and texts."""
        self.lines[at] = _line(node)
        if isinstance(node, SequenceNode):
            return [self.plain(item, f"{at}.{number}".lstrip(".")) for number, item in enumerate(node.value)]
        if isinstance(node, MappingNode):
            said: dict[str, Any] = {}
            for key, value in node.value:
                name = str(key.value) if isinstance(key, ScalarNode) else "?"
                where = f"{at}.{name}".lstrip(".")
                if name in said:
                    words = f"Khóa “{name[:60]}” đã có ở dòng {self.lines[where]}."
                    self.found.append(FileFault(_line(key), Fault("template-field-wrong", where, words)))
                said[name] = self.plain(value, where)
                self.lines[where] = _line(key)
            return said
        return None if node.tag == "tag:yaml.org,2002:null" else str(node.value)

    def kind(self, name: str, where: str) -> NoticeKind | None:
        """None: there is no such kind, which is noted."""
        known = [kind.value for kind in NoticeKind]
        if name in known:
            return NoticeKind(name)
        near = get_close_matches(name, known, n=1)
        words = f"Không có loại tin “{name[:60]}”." + (f" Có phải là {near[0]}?" if near else "")
        self.found.append(self.placed(Fault("template-kind-unknown", where, words)))
        return None

    def placed(self, fault: Fault) -> FileFault:
        """With the line of what it is about, or of what that belongs to."""
        where = fault.where
        while where not in self.lines and "." in where:
            where = where.rpartition(".")[0]
        return FileFault(self.lines.get(where, 1), fault)


def _decoded(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise Invalid("file-too-big", f"Tệp quá lớn (tối đa {MOST_BYTES // 1024**2} MB).")
    return utf8(content, "Hãy lưu lại tệp dưới dạng UTF-8 rồi nạp lại.")


def _composed(text: str) -> Node | None:
    """Raises: Invalid `yaml-malformed`, `yaml-not-allowed`."""
    line = depth = 0
    try:
        # Looked through before anything is built of it: aliases multiply, depth costs stack.
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            line = int(event.start_mark.line) + 1 if event.start_mark else line
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if getattr(event, "anchor", None) or getattr(event, "tag", None) or depth > MOST_DEPTH:
                words = f"Dòng {line}: tệp không dùng neo và bí danh (& *), nhãn kiểu (!), lồng quá sâu."
                raise Invalid("yaml-not-allowed", words, line=line)
            if isinstance(event, yaml.ScalarEvent):
                event.value.encode()  # an escaped half of a surrogate pair
        root: Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, OverflowError):
        words = f"Sau dòng {line}: YAML sai cú pháp. Kiểm tra thụt lề, dấu hai chấm và dấu nháy."
        raise Invalid("yaml-malformed", words, line=line) from None
    return root


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1 if node.start_mark else 1


def as_yaml(contents: Mapping[NoticeKind, Content]) -> str:
    """A file that says the same."""
    data = {TOP: {kind.value: as_data(content) for kind, content in contents.items()}}
    return _HEAD + yaml.dump(_written(data), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1000)


def _written(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _written(said) for key, said in value.items()}
    if isinstance(value, list):
        return [_Short(item) if isinstance(item, dict) else item for item in value]
    return value


class _Dumper(yaml.SafeDumper):
    """Parameters one a line, as people write them."""


class _Short(dict[str, Any]):
    """Written between braces."""


_Dumper.add_representer(
    _Short, lambda dumper, values: dumper.represent_mapping("tag:yaml.org,2002:map", values, flow_style=True)
)
