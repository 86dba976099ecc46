"""From a Kafka record to a message: every way a producer can be wrong has its own word, and none raises."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import Envelope
from contracts.events import MESSAGES
from contracts.events.calendar import CalendarPublished
from contracts.events.routing import DossierTransferred
from contracts.topics import MAX_BODY_BYTES
from services.kit.decoding import Decoded, Poison, decode
from services.kit.failures import LONGEST_DELAY, dead_letter, record_fields, retry_delay, stored_record
from services.kit.kafka import Record

CODE = "H12.970.00-261123-0001"
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
EVENT = DossierTransferred(code=CODE, occurred_at=AT, step=1, steps=2, agency="H12.970.02", step_due_at=AT, due_at=AT)
HEADERS = {name: value.encode() for name, value in Envelope("1", "/routing", EVENT.TYPE, AT, CODE, 1).headers().items()}
GOOD = Record("dossier.events.v1", 3, 17, CODE.encode(), EVENT.to_json(), tuple(HEADERS.items()), 0)


def headed(**changes: bytes | None) -> Record:
    return dataclasses.replace(GOOD, headers=tuple((HEADERS | changes).items()))


def test_a_good_record_is_its_message_with_an_id_unique_over_all_producers() -> None:
    found = decode(GOOD)
    assert isinstance(found, Decoded)
    assert found.message == EVENT
    assert found.event_id == "/routing|1"


@pytest.mark.parametrize(
    ("record", "slug"),
    [
        (headed(x=None), "null-header"),
        (headed(x=b"\xff"), "header-not-utf8"),
        (dataclasses.replace(GOOD, headers=()), "not-a-cloudevent"),
        (headed(ce_id=b""), "not-a-cloudevent"),
        (headed(ce_time=b"yesterday"), "not-a-cloudevent"),
        (headed(ce_time=b"2026-11-23T08:00:00"), "not-a-cloudevent"),
        (headed(ce_time=b"9999-12-31T23:00:00-07:00"), "not-a-cloudevent"),
        (headed(ce_sequence=b"-1"), "not-a-cloudevent"),
        (headed(ce_sequence=b"9" * 400), "not-a-cloudevent"),
        (headed(ce_sequence=b"9" * 5000), "header-too-long"),
        (headed(ce_id=b"x" * 501), "header-too-long"),
        (headed(ce_specversion=b"0.3"), "specversion-unknown"),
        (headed(**{"content-type": b"application/avro"}), "content-type-unknown"),
        (headed(ce_type=b"vn.motcua.dossier.transferred.v2"), "event-type-unknown"),
        (headed(ce_type=b"vn.motcua.counter.register-dossier.v1"), "event-type-misplaced"),
        (dataclasses.replace(GOOD, value=None), "tombstone"),
        (dataclasses.replace(GOOD, value=b" " * (MAX_BODY_BYTES + 1)), "body-too-large"),
        (dataclasses.replace(GOOD, value=b""), "data-invalid"),
        (dataclasses.replace(GOOD, value=b"{"), "data-invalid"),
        (dataclasses.replace(GOOD, value=b"[" * 100_000), "data-invalid"),
        (dataclasses.replace(GOOD, value=b'{"code": "\\ud800"}'), "data-invalid"),
        (dataclasses.replace(GOOD, value=b"\xff"), "data-invalid"),
        (dataclasses.replace(GOOD, value=GOOD.value.replace(b'"step":1', b'"step":"x"')), "data-invalid"),  # type: ignore[union-attr]
        (dataclasses.replace(GOOD, key=b"H12.970.00-261123-0002"), "key-mismatch"),
        (dataclasses.replace(GOOD, key=None), "key-mismatch"),
    ],
)
def test_each_way_to_be_wrong_has_its_word(record: Record, slug: str) -> None:
    found = decode(record)
    assert isinstance(found, Poison)
    assert found.slug == slug
    assert found.record is record


@pytest.mark.parametrize(("key", "slug"), [(b"calendar", None), (b"3", "key-mismatch"), (None, "key-mismatch")])
def test_every_record_of_a_topic_with_one_key_has_that_key(key: bytes | None, slug: str | None) -> None:
    event = CalendarPublished(version=3, published_at=AT)
    headers = Envelope("1", "/routing", event.TYPE, AT, "calendar", 1).headers()
    told = tuple((name, value.encode()) for name, value in headers.items())
    found = decode(Record("calendar.v1", 0, 5, key, event.to_json(), told, 0))
    assert (found.slug if isinstance(found, Poison) else None) == slug


def test_the_reason_names_places_and_never_values() -> None:
    value = (GOOD.value or b"").replace(b"H12.970.02", b"0901234567")
    found = decode(dataclasses.replace(GOOD, value=value))
    assert isinstance(found, Poison)
    assert "agency" in found.detail
    assert "0901234567" not in found.detail


def test_fields_of_a_newer_producer_are_ignored() -> None:
    value = (GOOD.value or b"").replace(b'"step":1', b'"step":1,"new_field":{"a":1}')
    assert isinstance(decode(dataclasses.replace(GOOD, value=value)), Decoded)


@given(
    st.binary(max_size=200) | st.none(),
    st.binary(max_size=30) | st.none(),
    st.lists(
        st.tuples(
            st.sampled_from([*HEADERS, "x"]) | st.text(max_size=8),
            st.binary(max_size=40) | st.none() | st.sampled_from([m.TYPE.encode() for m in MESSAGES]),
        ),
        max_size=8,
    ),
)
def test_nothing_that_a_producer_can_write_raises(
    value: bytes | None, key: bytes | None, headers: list[tuple[str, bytes | None]]
) -> None:
    for base in ((), tuple(HEADERS.items())):
        assert isinstance(decode(Record("dossier.events.v1", 0, 0, key, value, (*base, *headers), 0)), Decoded | Poison)


@given(
    st.binary(max_size=50) | st.none(),
    st.lists(st.tuples(st.text(max_size=5), st.none() | st.binary(max_size=9)), max_size=4),
)
def test_a_dead_letter_keeps_the_original_bytes_and_its_copy_says_where_they_lay(
    value: bytes | None, headers: list[tuple[str, bytes | None]]
) -> None:
    record = dataclasses.replace(GOOD, value=value, headers=tuple(headers))
    document, row = dead_letter("intake", "2", Poison(record, "tombstone", "why"), AT)
    assert stored_record(document) == record == stored_record(record_fields(record))
    assert (row["topic"], row["key"], row["body"]) == ("dossier.events.v1.dlq.intake", record.key, record.value)
    assert row["headers"][: len(headers)] == [list(header) for header in headers]
    assert dict(row["headers"])["dlq_source"] == b"dossier.events.v1@2/3/17"
    assert dict(row["headers"])["dlq_slug"] == b"tombstone"


def test_a_record_too_large_to_be_copied_is_kept_in_the_database_and_only_pointed_at() -> None:
    """Its copy would be refused for ever, and every event packed with it would wait."""
    for record in (
        dataclasses.replace(GOOD, value=b"x" * 1_048_000),
        dataclasses.replace(GOOD, headers=(("x", b"x" * 1_048_000),)),
        dataclasses.replace(GOOD, key=b"x" * 1_048_000),
    ):
        document, event = dead_letter("intake", "2", Poison(record, "body-too-large", "why"), AT)
        assert stored_record(document) == record
        assert event["body"] is None
        assert sum(len(value) for _, value in event["headers"]) < 1000
        assert dict(event["headers"])["dlq_source"] == b"dossier.events.v1@2/3/17"


@pytest.mark.parametrize("value", ["0912 345 678", "Nguyễn Thị Thử", "x" * 600_000])
def test_what_is_said_about_a_bad_header_is_short_and_never_its_content(value: str) -> None:
    """A copy that quotes it would be larger than a message may be, and hold up all that waits to be sent."""
    raw = value.encode()
    records = [headed(ce_specversion=raw[:500]), headed(**{"content-type": raw}), headed(ce_time=raw[:500])]
    records += [headed(ce_sequence=raw[:500]), headed(**{value: None}), headed(**{value: b"\xff"})]
    for record in records:
        poison = decode(record)
        assert isinstance(poison, Poison)
        assert value[:100] not in poison.detail
        assert len(poison.detail) < 200
    for record in (*records, GOOD):
        document, event = dead_letter("intake", "2", Poison(record, "slug", "why" * 400_000), AT)
        assert len(document["detail"]) == 500
        assert sum(len(name) + len(value) for name, value in event["headers"] if value) < 1_045_000


def test_retries_come_later_and_later_up_to_six_hours() -> None:
    delays = [retry_delay(attempts) for attempts in range(200)]
    assert [delay.total_seconds() for delay in delays[:4]] == [1, 2, 4, 8]
    assert delays == sorted(delays)
    assert delays[-1] == LONGEST_DELAY
