"""Topics, messages and consumers fit together, and no contract has room for a person."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from contracts.events import BY_TYPE, MESSAGES
from contracts.generate.asyncapi import SERVICES
from contracts.generate.schemas import all_schemas
from contracts.topics import BY_NAME, CONSUMERS, TOPICS, all_topics, dead_letter_topic
from contracts.types import DossierCode, Moment, ProcedureCode, Sealed

KEY_FIELDS = {
    "dossier code": "code",
    "agency code": "agency",
    "counter code": "counter",
    "procedure code": "procedure_code",
}
PERSONAL_WORDS = {
    *("name", "fullname", "surname", "phone", "mobile", "tel", "zalo", "email", "mail", "address", "street", "cccd"),
    *("cmnd", "passport", "identity", "citizen", "birth", "birthday", "dob", "gender", "sex", "ethnicity", "religion"),
    *("nationality", "account", "bank", "tax", "health", "ip", "ho", "ten", "sdt", "diachi", "person", "applicant"),
    *("contact", "owner", "note", "comment", "remark", "signature", "photo", "fingerprint", "latitude", "longitude"),
}
NOT_PERSONAL = {
    ("vn.motcua.dossier.registered.v1", "procedure_name"): "name of a procedure, as published",
    ("vn.motcua.dossier.submitted.v1", "procedure_name"): "name of a procedure, as published",
    ("vn.motcua.procedure.published.v1", "name"): "name of a procedure, as published",
    ("vn.motcua.calendar.published.v1", "CalendarDayRow.name"): "name of a day, as announced",
    ("vn.motcua.counter.request-completion.v1", "WantedPaper.name"): "name of a paper, as the checklist names it",
    ("vn.motcua.dossier.returned.v1", "identity_check"): "by what an identity was checked, not whose",
    ("vn.motcua.counter.hand-over-result.v1", "identity_check"): "by what an identity was checked, not whose",
}
SEALED = {
    ("vn.motcua.dossier.registered.v1", "contact"),
    ("vn.motcua.dossier.submitted.v1", "contact"),
    ("vn.motcua.dossier.returned.v1", "invitation"),
    ("vn.motcua.dossier.code-issued.v1", "secret"),
    ("vn.motcua.counter.register-dossier.v1", "applicant"),
    ("vn.motcua.counter.register-dossier.v1", "others"),
    ("vn.motcua.counter.file-dossier.v1", "applicant"),
    ("vn.motcua.counter.file-dossier.v1", "others"),
    ("vn.motcua.counter.hand-over-result.v1", "receiver"),
    ("vn.motcua.counter.rate-dossier.v1", "comment"),
}
FIELDS = [(name, field) for name, schema in all_schemas().items() for field in schema["properties"]] + [
    (name, f"{inner}.{field}")
    for name, schema in all_schemas().items()
    for inner, body in schema.get("$defs", {}).items()
    for field in body.get("properties", ())
]
"""Fields of every message, and of every object inside one as `Object.field`."""


def test_every_message_of_a_topic_is_registered() -> None:
    for topic in TOPICS:
        assert set(topic.messages) <= set(MESSAGES)


def test_every_type_is_on_exactly_one_topic() -> None:
    counted = Counter(message.TYPE for topic in TOPICS for message in topic.messages)
    assert counted == dict.fromkeys(BY_TYPE, 1)


def test_no_two_messages_share_a_type_or_a_class_name() -> None:
    assert len(BY_TYPE) == len(MESSAGES) == len({message.__name__ for message in MESSAGES})


def test_a_type_names_its_namespace_subject_and_major_version() -> None:
    for name in BY_TYPE:
        assert re.fullmatch(r"vn\.motcua\.[a-z]+\.[a-z]+(-[a-z]+)*\.v[1-9][0-9]*", name)


def test_every_message_holds_the_key_of_its_topic_as_a_required_field() -> None:
    for topic in TOPICS:
        for message in topic.messages if topic.constant_key is None else ():
            assert message.model_fields[KEY_FIELDS[topic.key]].is_required()


def test_only_a_compacted_topic_that_is_one_whole_state_has_one_key_for_all_records() -> None:
    assert [topic.name for topic in TOPICS if topic.constant_key is not None] == ["calendar.v1"]
    assert BY_NAME["calendar.v1"].compacted
    assert BY_NAME["calendar.v1"].partitions == 1


def test_topic_names_are_unique_and_fit_what_kafka_allows() -> None:
    names = [topic.name for topic in all_topics()]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-zA-Z0-9._-]{1,249}", name) for name in names)
    assert set(BY_NAME) == {topic.name for topic in TOPICS}


def test_every_topic_of_a_consumer_group_exists_and_names_the_group_as_a_reader() -> None:
    assert set(CONSUMERS) == set(SERVICES)
    for group, topics in CONSUMERS.items():
        for topic in topics:
            assert BY_NAME[topic.name] is topic
            assert group in topic.read_by


def test_every_consumer_group_has_a_dead_letter_topic_for_each_topic_it_reads() -> None:
    created = {topic.name for topic in all_topics()}
    for group, topics in CONSUMERS.items():
        for topic in topics:
            dead = dead_letter_topic(topic.name, group)
            assert dead.name == f"{topic.name}.dlq.{group}"
            assert dead.name in created
            assert not dead.compacted


def test_a_compacted_topic_has_no_retention_and_the_others_keep_thirty_days() -> None:
    for topic in all_topics():
        config = topic.config()
        assert ("retention.ms" in config) is (not topic.compacted)
        assert topic.compacted or config["retention.ms"] == str(30 * 24 * 3600 * 1000)


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_no_field_sounds_like_personal_data(name: str, field: str) -> None:
    if (name, field) not in NOT_PERSONAL and (name, field) not in SEALED:
        words = set(field.rpartition(".")[2].split("_"))
        assert not PERSONAL_WORDS & words, f"{name}.{field} must not travel in clear"


@pytest.mark.parametrize(("name", "field"), sorted(SEALED))
def test_the_fields_about_a_person_are_sealed(name: str, field: str) -> None:
    pattern = TypeAdapter(Sealed).json_schema()["pattern"]
    assert json.dumps(pattern) in json.dumps(all_schemas()[name]["properties"][field])


def test_every_exception_is_still_in_use() -> None:
    assert set(NOT_PERSONAL) | SEALED <= set(FIELDS)


@pytest.mark.parametrize("value", ['{"name": "' + "x" * 80 + '"}', "x" * 63, "+/" * 40])
def test_json_in_clear_short_text_and_another_alphabet_are_no_sealed_box(value: str) -> None:
    adapter: TypeAdapter[str] = TypeAdapter(Sealed)
    with pytest.raises(ValidationError):
        adapter.validate_python(value)


@given(st.datetimes(timezones=st.timezones()))
def test_a_moment_survives_json_and_is_utc_to_the_millisecond(value: datetime) -> None:
    adapter: TypeAdapter[datetime] = TypeAdapter(Moment)
    try:
        moment = adapter.validate_python(value)
    except ValidationError:
        return  # a zone offset can push the first and last day of the calendar over its edge
    assert moment.tzinfo is UTC
    assert moment.microsecond % 1000 == 0
    assert adapter.validate_json(adapter.dump_json(moment)) == moment


def test_a_moment_over_the_edge_of_the_calendar_is_a_validation_error() -> None:
    """Any other exception would pass by the consumer's handling of bad records and stop it."""
    with pytest.raises(ValidationError):
        TypeAdapter(Moment).validate_json('"0001-01-01T00:00:00+14:00"')


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (DossierCode, "H99-٢٦٠٣٠٢-٠٠٠١"),
        (DossierCode, "H99-260302-0001\n"),
        (DossierCode, "h99-260302-0001"),
        (ProcedureCode, "١.٩٩٠٠٠١"),
        (ProcedureCode, "X.9F"),
    ],
)
def test_a_code_is_written_in_ascii_and_in_one_form(kind: type[str], value: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(value)
