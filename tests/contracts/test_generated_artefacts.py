"""The committed schemas and the AsyncAPI document say what the models and the topic table say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from contracts.envelope import SCHEMA_BASE, Envelope
from contracts.events import BY_TYPE
from contracts.generate.__main__ import CONTRACTS, expected, main, release, stale
from contracts.generate.asyncapi import HEADERS, SERVICES
from contracts.generate.schemas import all_schemas
from contracts.topics import CONSUMERS, TOPICS, all_topics

SCHEMAS = all_schemas()


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((CONTRACTS / "asyncapi.json").read_bytes())
    return loaded


def test_the_committed_files_are_what_the_models_generate() -> None:
    assert stale(CONTRACTS) == [], "run `python -m contracts.generate` and commit the result"


def test_generating_twice_gives_the_same_bytes() -> None:
    assert expected(CONTRACTS) == expected(CONTRACTS)


def test_check_names_each_missing_changed_and_surplus_file_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([], tmp_path) == 0
    schemas = tmp_path / "schemas"
    missing, changed, *_ = sorted(schemas.iterdir())
    missing.unlink()
    changed.write_text("{}")
    (schemas / "vn.motcua.gone.v1.json").write_text("{}")

    assert main(["--check"], tmp_path) == 1

    lines = capsys.readouterr().err.splitlines()
    assert f"schemas/{missing.name}: missing" in lines
    assert f"schemas/{changed.name}: differs from the models" in lines
    assert "schemas/vn.motcua.gone.v1.json: should not be there" in lines
    assert len(lines) == 3


def test_writing_removes_the_schema_of_a_type_that_is_gone(tmp_path: Path) -> None:
    release(tmp_path)
    (tmp_path / "schemas" / "vn.motcua.gone.v1.json").write_text("{}")
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_schema_is_valid_closed_and_described_and_carries_its_identifier(name: str) -> None:
    schema = SCHEMAS[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert schema["$id"] == SCHEMA_BASE + name
    assert schema["additionalProperties"] is False
    assert schema["title"] == BY_TYPE[name].__name__
    assert schema["description"]


def test_every_topic_is_a_channel_with_its_partitions_and_retention(document: dict[str, Any]) -> None:
    assert set(document["channels"]) == {topic.name for topic in all_topics()}
    for topic in all_topics():
        kafka = document["channels"][topic.name]["bindings"]["kafka"]
        config = kafka["topicConfiguration"]
        assert document["channels"][topic.name]["address"] == kafka["topic"] == topic.name
        assert kafka["partitions"] == topic.partitions
        assert config["cleanup.policy"] == (["compact"] if topic.compacted else ["delete"])
        assert config.get("retention.ms") == (None if topic.compacted else topic.retention_ms)


def test_our_services_send_and_receive_what_the_topic_table_says(document: dict[str, Any]) -> None:
    wanted = {
        f"{service}.{action}.{topic.name}"
        for topic in all_topics()
        for action, parties in (("send", topic.written_by), ("receive", topic.read_by))
        for service in SERVICES
        if service in parties
    }
    assert set(document["operations"]) == wanted
    for name, operation in document["operations"].items():
        assert operation["action"] == name.split(".")[1]


def test_each_service_sends_only_its_own_messages_and_together_they_send_all(document: dict[str, Any]) -> None:
    sent = [
        reference["$ref"].rsplit("/", 1)[-1]
        for operation in document["operations"].values()
        if operation["action"] == "send"
        for reference in operation.get("messages", [])
    ]
    ours = {m.TYPE for topic in TOPICS if set(topic.written_by) & set(SERVICES) for m in topic.messages}
    assert sorted(sent) == sorted(ours)


def test_every_subscribed_topic_is_declared_as_received(document: dict[str, Any]) -> None:
    for group, topics in CONSUMERS.items():
        for topic in topics:
            assert f"{group}.receive.{topic.name}" in document["operations"]


def test_every_reference_of_the_document_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in _references(document):
        node: Any = document
        assert reference.startswith("#/")
        for step in reference[2:].split("/"):
            assert step in node, f"{reference} leads nowhere"
            node = node[step]


def test_operations_refer_to_messages_through_their_own_channel(document: dict[str, Any]) -> None:
    for operation in document["operations"].values():
        for reference in operation.get("messages", []):
            assert reference["$ref"].startswith(operation["channel"]["$ref"] + "/messages/")


def test_every_message_has_payload_headers_and_a_key(document: dict[str, Any]) -> None:
    messages = document["components"]["messages"]
    assert set(messages) == set(BY_TYPE)
    for name, message in messages.items():
        assert message["payload"] == {"$ref": f"#/components/schemas/{BY_TYPE[name].__name__}"}
        assert message["headers"]["allOf"][1]["properties"]["ce_type"] == {"const": name}
        key = message["bindings"]["kafka"]["key"]
        assert key["type"] == "string"
        assert key.get("pattern") or key["const"] == "calendar"


def test_the_servers_name_no_real_host(document: dict[str, Any]) -> None:
    assert [server["host"] for server in document["servers"].values()] == ["{host}:{port}"]


def test_the_headers_schema_knows_every_header_that_the_envelope_writes() -> None:
    moment = datetime(2026, 3, 2, 1, 15, tzinfo=UTC)
    trace = f"00-{1:032x}-{1:016x}-01"
    full = Envelope("1", "/intake", "vn.motcua.x.v1", moment, "H99-260302-0001", 1, "c", "d", trace).headers()
    assert set(HEADERS["properties"]) == set(full)
    Draft202012Validator(HEADERS).validate(full)


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for item in node:
            yield from _references(item)
