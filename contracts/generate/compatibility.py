"""The breaking-change gate: may a schema replace the one of the last release under the same type name?

Two readers have to be served. A new reader must understand what was written at the last release (topics keep 30 days,
partners upgrade late): `jsoncompat`, role `deserializer`. And where our services write, a reader of the last release
must understand what we write now; such a reader ignores unknown fields, so added fields are left out of that
comparison and the rest goes to `jsoncompat`, role `serializer`. Messages that only partners write skip the second half.

`jsoncompat` answers yes or no for a whole schema and is alpha. Beside it stands a small check of our own, for two ends:

- reasons: it compares field by field, so that the refusal names the field;
- blind spots seen in 0.3.1: a changed `pattern`, `format` or `default` is accepted, and so is `integer` to `number`.

Any change of a pattern or format is refused, a wider one too: inclusion of regular expressions is not decided here,
and the price of a new major version is smaller than that of a reader that stops. Of objects inside objects (a line of
a checklist) every change is refused, also an optional field more, where there would be no need.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from contracts.generate.asyncapi import SERVICES, writers
from contracts.generate.schemas import Schema
from contracts.topics import TOPICS

_BLIND_SPOTS = ("pattern", "format")
_MISSING = object()


def written_by_us() -> frozenset[str]:
    """Types that our services write, and readers outside of this release read."""
    return frozenset(m.TYPE for t in TOPICS for m in t.messages if set(writers(t, m)) & set(SERVICES))


def breaking_changes(published: Mapping[str, Schema], current: Mapping[str, Schema]) -> list[str]:
    """One line per breaking change, each naming type and reason; empty when every published type is still honoured."""
    ours = written_by_us()
    reasons: list[str] = []
    for name, old in sorted(published.items()):
        if name not in current:
            reasons.append(f"{name}: the type was removed")
            continue
        try:
            reasons += [f"{name}: {why}" for why in changes(old, current[name], old_readers=name in ours)]
        except ValueError as error:  # jsoncompat meets a keyword it does not know: undecided must not mean allowed
            reasons.append(f"{name}: cannot be judged: {error}")
    return reasons


def changes(old: Schema, new: Schema, *, old_readers: bool) -> list[str]:
    """Why `new` may not replace `old`.

    Args:
        old_readers: readers that know only `old` will read what is written under `new`.
    """
    if new.get("additionalProperties") is not False:
        # On open schemas jsoncompat calls every addition incompatible, and a producer's typing error would travel.
        return ["the schema is not closed (additionalProperties must be false)"]
    reasons = [why for field in sorted(old["properties"]) for why in _field(field, old, new, old_readers)]
    required = set(new.get("required", ()))
    reasons += [f"new field {field} is required" for field in sorted(required - set(old["properties"]))]
    if not reasons and not _compatible(old, new, "deserializer"):
        reasons.append("messages of the last release would be refused (jsoncompat, deserializer)")
    return reasons


def _field(field: str, old: Schema, new: Schema, old_readers: bool) -> Iterator[str]:
    if field not in new["properties"]:
        yield f"field {field} was dropped"
        return
    was_required, is_required = field in old.get("required", ()), field in new.get("required", ())
    if is_required and not was_required:
        yield f"field {field} became required"
    if was_required and not is_required and old_readers:
        yield f"field {field} became optional, readers of the last release require it"
    before, after = _standalone(field, old), _standalone(field, new)
    types_before, types_after = _types(before), _types(after)
    if types_before != types_after:
        yield f"field {field} changed type from {'/'.join(types_before)} to {'/'.join(types_after)}"
        return
    for keyword in _BLIND_SPOTS:
        if _values(before, keyword, before) != _values(after, keyword, after):
            yield f"field {field} changed its {keyword}"
    if not was_required and not is_required and before.get("default", _MISSING) != after.get("default", _MISSING):
        yield f"field {field} changed its default: its absence would mean something else"
    if not _compatible(before, after, "deserializer"):
        yield f"field {field} was narrowed: values of the last release would be refused"
    if old_readers and not _compatible(before, after, "serializer"):
        yield f"field {field} was widened: readers of the last release would refuse new values"


def _compatible(old: Schema, new: Schema, role: Literal["serializer", "deserializer"]) -> bool:
    # Imported here: a development tool, which running services do not have installed.
    import jsoncompat

    # It takes the identifier, a URN, for a reference and gives up.
    before, after = (json.dumps({key: body for key, body in schema.items() if key != "$id"}) for schema in (old, new))
    return bool(jsoncompat.check_compat(before, after, role))


def _standalone(field: str, schema: Schema) -> Schema:
    """The schema of one field with the definitions it refers to."""
    return {**schema["properties"][field], "$defs": schema.get("$defs", {})}


def _types(field: Schema) -> list[str]:
    """Types that occur in a field; `null` apart, for it only says that the field may be left out."""
    return [kind for kind in _values(field, "type", field) if kind != "null"]


def _values(node: Any, keyword: str, root: Schema) -> list[str]:
    """What `keyword` says anywhere in a field, references followed."""
    if isinstance(node, list):
        return sorted(value for item in node for value in _values(item, keyword, root))
    if not isinstance(node, dict):
        return []
    found = [node[keyword]] if isinstance(node.get(keyword), str) else []
    if "$ref" in node:
        found += _values(root["$defs"][node["$ref"].rsplit("/", 1)[-1]], keyword, root)
    for key, child in node.items():
        if key not in ("$defs", "default", "enum"):
            found += _values(child, keyword, root)
    return sorted(found)
