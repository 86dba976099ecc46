"""A change that an old record or an old reader does not survive is refused, with the type and the reason."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsoncompat
import pytest

from contracts.generate.__main__ import CONTRACTS, main, published, release
from contracts.generate.compatibility import breaking_changes, changes, written_by_us
from contracts.generate.schemas import all_schemas

SUBMITTED = "vn.motcua.dossier.submitted.v1"
"""An event of ours: others read it, at whatever release they have."""
ACTION = "vn.motcua.agency.request-supplement.v1"
"""A command that only partners write: we are its reader."""
Schema = dict[str, Any]
Change = Callable[[Schema], object]


def mutated(name: str, change: Change) -> tuple[Schema, Schema]:
    old = all_schemas()[name]
    new = copy.deepcopy(old)
    change(new)
    return old, new


def refusals(name: str, change: Change) -> list[str]:
    old, new = mutated(name, change)
    return breaking_changes({name: old}, {name: new})


def add(field: str, body: Schema, *, required: bool = False) -> Change:
    def change(schema: Schema) -> None:
        schema["properties"][field] = body
        if required:
            schema["required"].append(field)

    return change


def put(field: str, **keywords: object) -> Change:
    return lambda schema: schema["properties"][field].update(keywords)


def drop(schema: Schema) -> None:
    del schema["properties"]["counter"]
    schema["required"].remove("counter")


def shorten(schema: Schema) -> None:
    schema["properties"]["external_ref"]["anyOf"][0]["maxLength"] = 10


def test_nothing_published_is_broken_by_the_present_models() -> None:
    assert breaking_changes(published(CONTRACTS), all_schemas()) == []


def test_every_type_of_the_present_release_is_published() -> None:
    """A type added since the last release is not published yet; the published ones may never be none."""
    assert published(CONTRACTS)
    assert set(published(CONTRACTS)) <= set(all_schemas())


@pytest.mark.parametrize("name", [SUBMITTED, ACTION])
def test_an_added_optional_field_is_accepted(name: str) -> None:
    body = {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}
    assert refusals(name, add("note_code", body)) == []


@pytest.mark.parametrize("name", [SUBMITTED, ACTION])
def test_changed_words_of_a_description_are_accepted(name: str) -> None:
    assert refusals(name, put("code", description="said in other words")) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (drop, "field counter was dropped"),
        (lambda s: s["properties"].pop("contact"), "field contact was dropped"),
        (add("fee_vnd", {"type": "integer"}, required=True), "new field fee_vnd is required"),
        (lambda s: s["required"].append("contact"), "field contact became required"),
        (put("procedure_version", type="string"), "field procedure_version changed type from integer to string"),
        (put("procedure_version", type="number"), "field procedure_version changed type from integer to number"),
        (lambda s: s["$defs"]["Channel"]["enum"].remove("post"), "field channel was narrowed"),
        (put("counter", maxLength=5), "field counter was narrowed"),
        (shorten, "field external_ref was narrowed"),
        (put("procedure_version", minimum=2), "field procedure_version was narrowed"),
        (put("counter", pattern="^[A-Z]+$"), "field counter changed its pattern"),
        (put("due_at", format="date"), "field due_at changed its format"),
        (put("backfill", default=True), "field backfill changed its default"),
        (lambda s: s.pop("additionalProperties"), "the schema is not closed"),
        (lambda s: s.update(minProperties=30), "messages of the last release would be refused"),
        (lambda s: s["required"].remove("counter"), "field counter became optional"),
        (lambda s: s["$defs"]["Channel"]["enum"].append("kiosk"), "field channel was widened"),
        (put("counter", maxLength=50), "field counter was widened"),
    ],
)
def test_a_breaking_change_of_an_event_is_refused_with_type_and_reason(change: Change, reason: str) -> None:
    refused = refusals(SUBMITTED, change)
    assert len(refused) == 1
    assert refused[0].startswith(f"{SUBMITTED}: {reason}")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda s: s["properties"].pop("occurred_at"), "field occurred_at was dropped"),
        (put("items", maxItems=3), "field items was narrowed"),
        (put("items", items={"type": "integer"}), "field items changed type"),
        (lambda s: s["required"].append("occurred_at"), "field occurred_at became required"),
    ],
)
def test_a_breaking_change_of_a_partners_command_is_refused_too(change: Change, reason: str) -> None:
    refused = refusals(ACTION, change)
    assert len(refused) == 1
    assert refused[0].startswith(f"{ACTION}: {reason}")


@pytest.mark.parametrize(
    "change",
    [
        put("items", maxItems=60),
        lambda s: s["required"].remove("reason"),
        put("step", minimum=0),
    ],
)
def test_a_command_that_only_partners_write_may_become_wider(change: Change) -> None:
    """Its one reader is this release of ours: no older reader meets the new values."""
    assert refusals(ACTION, change) == []


def test_a_removed_type_is_refused() -> None:
    current = all_schemas()
    old = {SUBMITTED: current.pop(SUBMITTED)}
    assert breaking_changes(old, current) == [f"{SUBMITTED}: the type was removed"]


def test_what_jsoncompat_cannot_judge_is_refused() -> None:
    name = "vn.motcua.procedure.published.v1"
    refused = refusals(name, lambda s: s["properties"]["limit_value"]["anyOf"][0].update(multipleOf=0.5))
    assert len(refused) == 1
    assert refused[0].startswith(f"{name}: cannot be judged")


def test_events_have_readers_of_other_releases_and_partners_commands_have_not() -> None:
    assert SUBMITTED in written_by_us()
    assert ACTION not in written_by_us()


@pytest.mark.parametrize(
    "change",
    [put("counter", pattern="^[A-Z]+$"), put("due_at", format="date"), put("backfill", default=True)],
)
def test_our_own_check_is_still_needed_where_jsoncompat_is_blind(change: Change) -> None:
    """Fails when jsoncompat learns to see: then the part of our own check that stands in for it can go."""
    old, new = (json.dumps({k: v for k, v in s.items() if k != "$id"}) for s in mutated(SUBMITTED, change))
    assert jsoncompat.check_compat(old, new, "deserializer")


def test_an_unchanged_schema_is_compatible_with_itself_for_every_type() -> None:
    for schema in all_schemas().values():
        assert changes(schema, schema, old_readers=True) == []


def test_check_and_release_fail_on_a_breaking_change_and_leave_the_published_schema_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release(tmp_path)
    path = tmp_path / "published" / f"{SUBMITTED}.json"
    old = json.loads(path.read_bytes())
    old["properties"]["desk"] = {"type": "string"}
    path.write_text(json.dumps(old))

    for mode in ("--check", "--release"):
        assert main([mode], tmp_path) == 1
        assert capsys.readouterr().err == f"{SUBMITTED}: field desk was dropped\n"
    assert json.loads(path.read_bytes()) == old


def test_a_release_publishes_the_present_schemas(tmp_path: Path) -> None:
    assert main(["--release"], tmp_path) == 0
    assert published(tmp_path) == all_schemas()
    assert main(["--check"], tmp_path) == 0
