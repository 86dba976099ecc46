"""Records as they were written at a release: each must be read for ever, whatever the models become.

Samples are added, never edited: a sample that no longer parses means that stored records no longer parse.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from contracts.envelope import from_headers
from contracts.events import BY_TYPE, Message
from contracts.generate.__main__ import CONTRACTS, published
from contracts.generate.asyncapi import HEADERS
from contracts.generate.schemas import all_schemas

SAMPLES = sorted((CONTRACTS / "samples").glob("*/*.json"))
SCHEMAS = all_schemas()
ONE_OF = {"vn.motcua.counter.file-dossier.v1": {"code", "external_ref"}}
"""Fields of which at least one must be there: the model says so, its JSON Schema does not."""
each_sample = pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")


def load(path: Path) -> tuple[type[Message], dict[str, str], dict[str, Any]]:
    """Model, headers and data of a sample."""
    sample = json.loads(path.read_bytes())
    assert set(sample) == {"headers", "data"}
    return BY_TYPE[path.parent.name], sample["headers"], sample["data"]


def as_bytes(data: dict[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode()


def test_every_published_type_has_a_full_and_a_minimal_sample() -> None:
    names = {(path.parent.name, path.stem) for path in SAMPLES}
    for name in set(published(CONTRACTS)) | set(BY_TYPE):
        assert {(name, "full"), (name, "minimal")} <= names


@each_sample
def test_a_sample_parses_and_keeps_every_value(path: Path) -> None:
    model, _, data = load(path)
    written = json.loads(model.parse(as_bytes(data)).to_json())
    assert {field: written[field] for field in data} == data


@each_sample
def test_a_sample_survives_the_round_trip(path: Path) -> None:
    model, _, data = load(path)
    message = model.parse(as_bytes(data))
    assert model.parse(message.to_json()) == message


@each_sample
def test_a_sample_and_what_we_write_from_it_agree_with_the_schema(path: Path) -> None:
    model, _, data = load(path)
    validator = Draft202012Validator(SCHEMAS[model.TYPE], format_checker=Draft202012Validator.FORMAT_CHECKER)
    validator.validate(data)
    validator.validate(json.loads(model.parse(as_bytes(data)).to_json()))


@each_sample
def test_the_headers_of_a_sample_are_a_cloudevent_of_its_type(path: Path) -> None:
    model, headers, _ = load(path)
    assert from_headers((name, value.encode()) for name, value in headers.items()).type == model.TYPE
    Draft202012Validator(HEADERS).validate(headers)


@each_sample
def test_a_consumer_ignores_a_field_it_does_not_know(path: Path) -> None:
    model, _, data = load(path)
    assert model.parse(as_bytes({**data, "field_of_a_later_release": [1]})) == model.parse(as_bytes(data))


@each_sample
def test_a_producer_refuses_a_field_that_the_contract_does_not_have(path: Path) -> None:
    model, _, data = load(path)
    unknown = {**data, "field_of_a_later_release": 1}
    model(**data)
    with pytest.raises(ValidationError, match="extra_forbidden"):
        model(**unknown)
    assert not Draft202012Validator(SCHEMAS[model.TYPE]).is_valid(unknown)


@each_sample
def test_a_full_sample_states_every_field_and_a_minimal_one_only_what_is_required(path: Path) -> None:
    """Fields of later releases are missing from the full sample of an earlier one: it is compared with its schema."""
    model, _, data = load(path)
    if path.stem not in ("full", "minimal"):
        pytest.skip("a later sample says in its name what it is for")
    schema = published(CONTRACTS)[model.TYPE]
    if path.stem == "full":
        assert set(data) <= set(schema["properties"])
        assert set(data) >= set(schema["required"])
    else:
        one_of = ONE_OF.get(model.TYPE, set())
        assert set(data) - one_of == set(schema["required"])
        assert len(set(data) & one_of) == min(1, len(one_of))


@each_sample
def test_every_required_field_of_a_sample_is_missed_when_it_is_absent(path: Path) -> None:
    model, _, data = load(path)
    for field in SCHEMAS[model.TYPE]["required"]:
        without = {name: value for name, value in data.items() if name != field}
        with pytest.raises(ValidationError, match=field):
            model.parse(as_bytes(without))


@pytest.mark.parametrize("path", [path for path in SAMPLES if path.parent.name in ONE_OF], ids=lambda path: path.stem)
def test_of_fields_of_which_one_must_be_there_one_is_enough_and_none_is_too_few(path: Path) -> None:
    model, _, data = load(path)
    rest = {name: value for name, value in data.items() if name not in ONE_OF[model.TYPE]}
    with pytest.raises(ValidationError):
        model.parse(as_bytes(rest))
    for name in set(data) & ONE_OF[model.TYPE]:
        model.parse(as_bytes(rest | {name: data[name]}))
