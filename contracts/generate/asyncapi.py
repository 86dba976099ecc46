"""One AsyncAPI 3.0 document over all topics, from the topic table and the message schemas.

Payloads are inlined under `components`, and their `$defs` become components too: tools that follow `$ref` in an
AsyncAPI document do so from its root and would not find a `$defs` that lies inside a payload.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import TypeAdapter

from contracts.envelope import CONTENT_TYPE, SCHEMA_BASE
from contracts.events import MESSAGES, Message
from contracts.generate.schemas import Schema, message_schema
from contracts.topics import TOPICS, Topic, all_topics
from contracts.types import DossierCode, ProcedureCode, UnitCode

SERVICES = ("intake", "routing", "notify")
"""Ours; operations of partners' software are theirs to describe."""
KAFKA_BINDING = "0.5.0"
_KEY_TYPES: dict[str, Any] = {
    "dossier code": DossierCode,
    "agency code": UnitCode,
    "counter code": UnitCode,
    "procedure code": ProcedureCode,
}
HEADERS: Schema = {
    "title": "CloudEventHeaders",
    "description": "Context attributes of CloudEvents 1.0 in Kafka binary mode; every header value is UTF-8 text.",
    "type": "object",
    "required": ["ce_specversion", "ce_id", "ce_source", "ce_type"],
    "properties": {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": {
            "type": "string",
            "minLength": 1,
            "description": "Unique per source; a repeated id is the same event.",
        },
        "ce_source": {
            "type": "string",
            "minLength": 1,
            "description": "`/intake`, `/routing`, `/notify` or a partner's.",
        },
        "ce_type": {"type": "string", "minLength": 1},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_subject": {"type": "string", "description": "Dossier code, or the code that the topic is keyed by."},
        "ce_dataschema": {"type": "string", "description": "Identifier of the data part's JSON Schema."},
        "ce_sequence": {
            "type": "string",
            "pattern": "^[0-9]{1,18}$",
            "description": "Number of the event in its producing aggregate, from 1, without gaps.",
        },
        "ce_correlationid": {"type": "string"},
        "ce_causationid": {"type": "string", "description": "`ce_id` of the event that led to this one."},
        "traceparent": {"type": "string", "description": "W3C trace context; a broken one is ignored."},
        "content-type": {"type": "string", "const": CONTENT_TYPE},
    },
}


def document(version: str) -> Schema:
    """The whole document."""
    return {
        "asyncapi": "3.0.0",
        "id": "urn:motcua:events",
        "info": {
            "title": "motcua events",
            "version": version,
            "description": "Every topic of the one-stop shop (một cửa): who writes it, who reads it, what it carries. "
            "CloudEvents 1.0, Kafka binary mode. Delivery is at least once: apply an event only once per `ce_source` "
            "and `ce_id`. Readers ignore fields they do not know.",
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {
            "broker": {
                "host": "{host}:{port}",
                "protocol": "kafka",
                "description": "A Kafka cluster; the operator of an installation names host and port.",
                "variables": {"host": {"description": "Bootstrap host."}, "port": {"description": "Bootstrap port."}},
            }
        },
        "channels": {topic.name: _channel(topic) for topic in all_topics()},
        "operations": {name: body for topic in all_topics() for name, body in _operations(topic).items()},
        "components": {
            "messages": {message.TYPE: _message(message, topic) for topic in TOPICS for message in topic.messages},
            "schemas": _schemas(),
            "correlationIds": {
                "flow": {
                    "location": "$message.header#/ce_correlationid",
                    "description": "Everything that followed from one request.",
                }
            },
        },
    }


def writers(topic: Topic, message: type[Message]) -> tuple[str, ...]:
    """Who writes this message: on a topic of several services, the one whose event module defines it."""
    module = message.__module__.rsplit(".", 1)[-1]
    return (module,) if module in topic.written_by else topic.written_by


def _channel(topic: Topic) -> Schema:
    config: dict[str, Any] = dict(topic.config())
    config["cleanup.policy"] = [config["cleanup.policy"]]
    if "retention.ms" in config:
        config["retention.ms"] = int(config["retention.ms"])
    what = "" if topic.messages else "Records that a group could not apply, with their original bytes and headers. "
    return {
        "address": topic.name,
        "description": f"{what}Key: {topic.key}. "
        f"Written by: {', '.join(topic.written_by)}. Read by: {', '.join(topic.read_by)}.",
        "messages": {m.TYPE: {"$ref": f"#/components/messages/{m.TYPE}"} for m in topic.messages},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": config,
                "bindingVersion": KAFKA_BINDING,
            }
        },
    }


def _operations(topic: Topic) -> dict[str, Schema]:
    operations: dict[str, Schema] = {}
    for service in SERVICES:
        written = [message for message in topic.messages if service in writers(topic, message)]
        if service in topic.written_by:
            operations[f"{service}.send.{topic.name}"] = _operation("send", topic, service, written)
        if service in topic.read_by:
            operations[f"{service}.receive.{topic.name}"] = _operation("receive", topic, service, list(topic.messages))
    return operations


def _operation(action: str, topic: Topic, service: str, messages: list[type[Message]]) -> Schema:
    body: Schema = {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "summary": f"{service} {'writes to' if action == 'send' else 'reads'} {topic.name}",
    }
    if messages:
        body["messages"] = [{"$ref": f"#/channels/{topic.name}/messages/{message.TYPE}"} for message in messages]
    return body


def _message(message: type[Message], topic: Topic) -> Schema:
    key = _key(topic)
    own = {"ce_type": {"const": message.TYPE}, "ce_dataschema": {"const": SCHEMA_BASE + message.TYPE}}
    return {
        "name": message.TYPE,
        "title": message.__name__,
        "summary": re.sub(r"\s+", " ", message.__doc__ or ""),
        "contentType": CONTENT_TYPE,
        "correlationId": {"$ref": "#/components/correlationIds/flow"},
        "headers": {
            "type": "object",
            "allOf": [{"$ref": "#/components/schemas/CloudEventHeaders"}, {"type": "object", "properties": own}],
        },
        "payload": {"$ref": f"#/components/schemas/{message.__name__}"},
        "bindings": {"kafka": {"key": {**key, "description": topic.key}, "bindingVersion": KAFKA_BINDING}},
    }


def _key(topic: Topic) -> Schema:
    if topic.constant_key is not None:
        return {"type": "string", "const": topic.constant_key}
    return TypeAdapter(_KEY_TYPES[topic.key]).json_schema()


def _schemas() -> dict[str, Schema]:
    schemas: dict[str, Schema] = {"CloudEventHeaders": HEADERS}
    for message in MESSAGES:
        body = _from_root(message_schema(message))
        del body["$schema"], body["$id"]
        for name, definition in body.pop("$defs", {}).items():
            _put(schemas, name, definition)
        _put(schemas, message.__name__, body)
    return schemas


def _put(schemas: dict[str, Schema], name: str, body: Schema) -> None:
    if schemas.setdefault(name, body) != body:
        raise ValueError(f"two different schemas are named {name}: rename one of the classes")


def _from_root(node: Any) -> Any:
    """The same schema with its local references pointing into the document's components."""
    if isinstance(node, dict):
        return {key: _reference(value) if key == "$ref" else _from_root(value) for key, value in node.items()}
    return [_from_root(item) for item in node] if isinstance(node, list) else node


def _reference(value: str) -> str:
    return value.replace("#/$defs/", "#/components/schemas/")
