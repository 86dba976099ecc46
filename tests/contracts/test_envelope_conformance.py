"""Our headers and the reference implementation of CloudEvents understand each other; broken headers have a name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import CONTENT_TYPE, SCHEMA_BASE, Envelope, EnvelopeError, from_headers

CODE = "H99.01-260302-0007"
MOMENT = datetime(2026, 3, 2, 1, 15, 0, 123000, tzinfo=UTC)
TRACE = f"00-{10:032x}-{11:016x}-01"
FULL = Envelope(
    id="0199aa00-0000-7000-8000-000000000001",
    source="/intake",
    type="vn.motcua.dossier.submitted.v1",
    time=MOMENT,
    subject=CODE,
    sequence=3,
    correlation_id="0199aa00-0000-7000-9000-000000000001",
    causation_id="0199aa00-0000-7000-a000-000000000001",
    traceparent=TRACE,
)
MINIMAL = Envelope(id="1", source="/x", type="vn.motcua.x.v1", time=MOMENT, subject=CODE)

text = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=60)
milliseconds = st.datetimes(timezones=st.just(UTC)).map(lambda t: t.replace(microsecond=t.microsecond // 1000 * 1000))
trace = st.from_regex(r"\A[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\Z")
envelopes = st.builds(
    Envelope,
    id=text,
    source=text,
    type=text,
    time=milliseconds,
    subject=text,
    sequence=st.none() | st.integers(0, 10**18 - 1),
    correlation_id=st.none() | text,
    causation_id=st.none() | text,
    traceparent=st.none() | trace,
)


def on_the_wire(envelope: Envelope) -> dict[str, bytes]:
    return {name: value.encode() for name, value in envelope.headers().items()}


def slug(**changed: bytes | None) -> str:
    """Slug of the error for a good record with some headers changed; `b""` leaves a header out."""
    headers: dict[str, bytes | None] = {**on_the_wire(FULL)}
    for name, value in changed.items():
        headers[name.replace("content_type", "content-type")] = value
    kept = [(name, value) for name, value in headers.items() if value != b""]
    with pytest.raises(EnvelopeError) as caught:
        from_headers(kept)
    return caught.value.slug


def outcome(headers: Iterable[tuple[str, bytes | None]]) -> str:
    """`read`, or the slug of the error; any other exception fails the test."""
    try:
        from_headers(headers)
    except EnvelopeError as error:
        return error.slug
    return "read"


@given(envelopes)
def test_an_envelope_survives_the_way_through_headers(envelope: Envelope) -> None:
    assert from_headers(on_the_wire(envelope).items()) == envelope


@given(envelopes)
def test_the_reference_implementation_reads_our_headers(envelope: Envelope) -> None:
    message = KafkaMessage(headers=on_the_wire(envelope), key=CODE.encode(), value=b'{"code": "x"}')
    event = from_binary(message, JSONFormat())
    assert event.get_specversion() == "1.0"
    assert (event.get_id(), event.get_source(), event.get_type()) == (envelope.id, envelope.source, envelope.type)
    assert (event.get_subject(), event.get_time()) == (envelope.subject, envelope.time)
    assert event.get_dataschema() == SCHEMA_BASE + envelope.type
    assert event.get_datacontenttype() == CONTENT_TYPE
    assert event.get_extension("sequence") == (None if envelope.sequence is None else str(envelope.sequence))
    assert event.get_extension("correlationid") == envelope.correlation_id
    assert event.get_extension("causationid") == envelope.causation_id
    assert event.get_extension("partitionkey") == CODE
    assert event.get_data() == {"code": "x"}


@given(envelopes)
def test_we_read_the_headers_of_the_reference_implementation(envelope: Envelope) -> None:
    attributes = {
        "id": envelope.id,
        "source": envelope.source,
        "type": envelope.type,
        "time": envelope.time,
        "subject": envelope.subject,
        "datacontenttype": CONTENT_TYPE,
        "dataschema": SCHEMA_BASE + envelope.type,
        "sequence": None if envelope.sequence is None else str(envelope.sequence),
        "correlationid": envelope.correlation_id,
        "causationid": envelope.causation_id,
        "partitionkey": CODE,
    }
    event = CloudEvent({name: value for name, value in attributes.items() if value is not None}, {"code": "x"})
    message = to_binary(event, JSONFormat())
    read = from_headers(message.headers.items())
    assert asdict(read) == {**asdict(envelope), "traceparent": None}


@given(st.lists(st.tuples(st.text(max_size=20), st.none() | st.binary(max_size=40)), max_size=8))
def test_headers_of_any_kind_give_a_named_error_and_no_other(
    headers: list[tuple[str, bytes | None]],
) -> None:
    assert outcome(headers) in {"null-header", "header-not-utf8", "not-a-cloudevent"}


@given(st.sampled_from(["ce_time", "ce_sequence", "traceparent", "ce_subject"]), st.binary(max_size=40))
def test_whatever_one_optional_header_holds_there_is_an_envelope_or_a_named_error(name: str, value: bytes) -> None:
    headers = {**on_the_wire(MINIMAL), name: value}
    assert outcome(headers.items()) in {"read", "header-not-utf8", "not-a-cloudevent"}


def test_a_null_header_is_named() -> None:
    assert slug(ce_subject=None) == "null-header"
    assert slug(x_unknown=None) == "null-header"


def test_a_header_that_is_not_utf8_is_named() -> None:
    assert slug(ce_subject=b"\xff") == "header-not-utf8"
    assert slug(x_unknown=b"\xc3\x28") == "header-not-utf8"


@pytest.mark.parametrize("name", ["ce_specversion", "ce_id", "ce_source", "ce_type"])
def test_a_record_without_a_required_attribute_is_no_cloudevent(name: str) -> None:
    assert slug(**{name: b""}) == "not-a-cloudevent"


def test_a_required_attribute_that_is_empty_counts_as_missing() -> None:
    with pytest.raises(EnvelopeError) as caught:
        from_headers({**on_the_wire(FULL), "ce_id": b""}.items())
    assert caught.value.slug == "not-a-cloudevent"


def test_a_record_without_headers_is_no_cloudevent() -> None:
    with pytest.raises(EnvelopeError) as caught:
        from_headers([])
    assert caught.value.slug == "not-a-cloudevent"
    assert all(name in str(caught.value) for name in ("ce_specversion", "ce_id", "ce_source", "ce_type"))


@pytest.mark.parametrize("version", [b"0.3", b"2.0", b"1"])
def test_another_version_of_cloudevents_is_named(version: bytes) -> None:
    assert slug(ce_specversion=version) == "specversion-unknown"


@pytest.mark.parametrize("kind", [b"text/plain", b"application/cloudevents+json", b"application/avro"])
def test_another_content_type_is_named(kind: bytes) -> None:
    assert slug(content_type=kind) == "content-type-unknown"


@pytest.mark.parametrize("kind", [b"application/json; charset=utf-8", b"Application/JSON"])
def test_the_content_type_may_be_spelled_as_http_allows(kind: bytes) -> None:
    assert from_headers({**on_the_wire(FULL), "content-type": kind}.items()) == FULL


@pytest.mark.parametrize("time", [b"yesterday", b"2026-03-02T01:15:00", b"0001-01-01T00:00:00+14:00"])
def test_a_time_that_is_no_moment_is_no_cloudevent(time: bytes) -> None:
    assert slug(ce_time=time) == "not-a-cloudevent"


@pytest.mark.parametrize("sequence", [b"-1", b"1.5", b"one", "١".encode(), b"9" * 400])
def test_a_sequence_that_is_no_whole_number_of_64_bits_is_no_cloudevent(sequence: bytes) -> None:
    assert slug(ce_sequence=sequence) == "not-a-cloudevent"


def test_a_time_in_another_zone_is_read_as_the_same_moment_in_utc() -> None:
    local = MOMENT.astimezone(timezone(timedelta(hours=7))).isoformat().encode()
    read = from_headers({**on_the_wire(FULL), "ce_time": local}.items())
    assert read == FULL
    assert read.time.tzinfo is UTC


def test_header_names_are_read_in_any_case() -> None:
    assert from_headers((name.upper(), value) for name, value in on_the_wire(FULL).items()) == FULL


def test_a_broken_trace_header_does_not_cost_the_record() -> None:
    assert from_headers({**on_the_wire(FULL), "traceparent": b"00-xyz"}.items()).traceparent is None


def test_absent_attributes_are_left_out_and_never_written_empty() -> None:
    absent = {"ce_sequence", "ce_correlationid", "ce_causationid", "traceparent"}
    assert set(MINIMAL.headers()) == set(FULL.headers()) - absent
