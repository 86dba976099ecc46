"""One closed JSON Schema (draft 2020-12) per message type, taken from its model."""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from contracts.envelope import SCHEMA_BASE
from contracts.events import BY_TYPE, Message

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]


class _WithoutFieldTitles(GenerateJsonSchema):
    """Leaves out the titles that pydantic makes from field names: they say nothing the name does not say."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def message_schema(message: type[Message]) -> Schema:
    """Schema of the data part, with the identifier that the `ce_dataschema` header carries."""
    body = message.model_json_schema(schema_generator=_WithoutFieldTitles)
    return {"$schema": DIALECT, "$id": SCHEMA_BASE + message.TYPE, **body}


def all_schemas() -> dict[str, Schema]:
    """Every schema by message type."""
    return {name: message_schema(message) for name, message in BY_TYPE.items()}


def to_text(document: Schema) -> str:
    """The one form in which documents are written: sorted, so that a diff shows changes and nothing else."""
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
