"""Events as a unit of work writes them, and which of them the relay may call sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import from_headers
from contracts.events.routing import AgencyTransferOpened, DossierTransferAccepted
from contracts.topics import AGENCY_TRANSFERS, DOSSIER_EVENTS, MAX_BODY_BYTES
from services.kit.ids import first_id_at
from services.kit.outbox import documents, row
from services.kit.relay import acknowledged
from services.kit.store import Store
from services.kit.work import Cause, NotLoaded, Work

A, B = "H12.970.00-261123-0001", "H12.970.00-261123-0002"
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@dataclass(frozen=True)
class State:
    steps: int = 0


STATES: Store[State] = Store("states", State)


def accepted(code: str, step: int) -> DossierTransferAccepted:
    return DossierTransferAccepted(code=code, occurred_at=AT, step=step, agency="H12.970")


def opened(code: str) -> AgencyTransferOpened:
    return AgencyTransferOpened(
        code=code, occurred_at=AT, agency="H12.970", step=1, steps=1, procedure_code="1.014466",
        step_due_at=AT, due_at=AT,
    )  # fmt: skip


def put(work: Work, code: str, *steps: int, cause: Cause | None = None) -> None:
    work.begin(cause or Cause("corr", "cause", TRACE))
    work.put(STATES, code, State(max(steps)), *((DOSSIER_EVENTS, code, accepted(code, step)) for step in steps))


def test_a_row_carries_the_whole_envelope() -> None:
    work = Work("/routing", AT)
    put(work, A, 1)
    work.keep()
    [written] = work._events
    envelope = from_headers((name, value) for name, value in written["headers"])
    assert (envelope.id, envelope.source, envelope.type) == (written["id"], "/routing", accepted(A, 1).TYPE)
    assert (envelope.subject, envelope.sequence, envelope.time) == (A, 1, AT)
    assert (envelope.correlation_id, envelope.causation_id, envelope.traceparent) == ("corr", "cause", TRACE)
    assert (written["topic"], written["key"]) == (DOSSIER_EVENTS.name, A.encode())
    assert written["body"] == accepted(A, 1).to_json()


def test_the_sequence_counts_the_events_of_one_aggregate_over_both_topics_without_a_gap() -> None:
    work = Work("/routing", AT)
    work.begin(Cause("c"))
    work.put(STATES, A, State(1), (DOSSIER_EVENTS, A, accepted(A, 1)), (AGENCY_TRANSFERS, "H12.970", opened(A)))
    work.keep()
    put(work, B, 1)
    work.keep()
    put(work, A, 2)
    work.keep()
    assert [(r["subject"], r["sequence"]) for r in work._events] == [(A, 1), (A, 2), (B, 1), (A, 3)]
    ids = [r["id"] for r in work._events]
    assert ids == sorted(set(ids))


def test_a_refused_decision_leaves_neither_state_nor_event_nor_a_gap_in_the_sequence() -> None:
    work = Work("/routing", AT)
    put(work, A, 1)
    work.keep()
    put(work, A, 2, 3)
    put_in_between = work.get(STATES, A)
    work.drop()
    assert put_in_between == State(3)
    assert work.get(STATES, A) == State(1)
    put(work, A, 2)
    work.keep()
    assert [r["sequence"] for r in work._events] == [1, 2]


def test_a_refused_first_decision_leaves_the_aggregate_unwritten() -> None:
    work = Work("/routing", AT)
    put(work, A, 1)
    work.drop()
    assert work.get(STATES, A) is None
    assert not work.has_events
    assert not any(held.dirty for held in work._held.values())


def test_what_a_decision_did_not_ask_for_cannot_be_read() -> None:
    with pytest.raises(NotLoaded):
        Work("/routing", AT).get(STATES, A)


def test_an_event_that_no_broker_would_take_is_refused_when_it_is_written() -> None:
    envelope = from_headers([("ce_specversion", b"1.0"), ("ce_id", b"1"), ("ce_source", b"/x"), ("ce_type", b"t")])
    assert row("t", "k", envelope, b"x" * MAX_BODY_BYTES)["key"] == b"k"
    with pytest.raises(ValueError, match="over"):
        row("t", "k", envelope, b"x" * (MAX_BODY_BYTES + 1))


PLACES = st.tuples(st.sampled_from(["t1", "t2"]), st.sampled_from([b"a", b"b", None]))
DOCUMENTS = st.lists(st.lists(PLACES, min_size=1, max_size=4), min_size=1, max_size=8)


def numbered(packed: list[list[tuple[str, Any]]]) -> list[dict[str, Any]]:
    numbers = count()
    return [
        {"_id": f"{n:03d}", "events": [{"id": next(numbers), "topic": t, "key": k} for t, k in places]}
        for n, places in enumerate(packed)
    ]


@given(DOCUMENTS, st.data())
def test_whatever_fails_each_key_arrives_whole_and_in_order_when_repeats_are_dropped(
    packed: list[list[tuple[str, Any]]], data: st.DataObject
) -> None:
    """The broker keeps the order of a key: after a failed event of a key no later one of that round arrives."""
    waiting = numbered(packed)
    everything = [event for document in waiting for event in document["events"]]
    arrived: list[dict[str, Any]] = []
    for round_ in range(30):
        broken: set[tuple[str, Any]] = set()
        results: list[BaseException | None] = []
        for event in (event for document in waiting for event in document["events"]):
            place = (event["topic"], event["key"])
            if place not in broken and round_ < 5 and data.draw(st.integers(0, 3)) == 0:
                broken.add(place)
            results.append(OSError("away") if place in broken else None)
            if place not in broken and event not in arrived:
                arrived.append(event)
        sent = acknowledged(waiting, results)
        for document in sent:
            assert all(event in arrived for event in document["events"])
        waiting = [document for document in waiting if document not in sent]
    assert waiting == []
    for place in {(event["topic"], event["key"]) for event in everything}:
        mine = [event["id"] for event in arrived if (event["topic"], event["key"]) == place]
        assert mine == [event["id"] for event in everything if (event["topic"], event["key"]) == place]


@given(DOCUMENTS, st.data())
def test_a_document_with_a_failed_event_and_all_later_ones_of_its_keys_stay(
    packed: list[list[tuple[str, Any]]], data: st.DataObject
) -> None:
    waiting = numbered(packed)
    failed = {e["id"] for d in waiting for e in d["events"] if data.draw(st.booleans())}
    results = [OSError() if e["id"] in failed else None for d in waiting for e in d["events"]]
    sent = acknowledged(waiting, results)
    stuck: set[tuple[str, Any]] = set()
    for document in waiting:
        places = {(event["topic"], event["key"]) for event in document["events"]}
        stays = bool(places & stuck) or any(event["id"] in failed for event in document["events"])
        assert (document in sent) is not stays
        if stays:
            stuck |= places


@given(st.lists(st.integers(0, 3_000_000), max_size=12), st.booleans())
def test_packing_keeps_order_grows_after_the_last_and_stays_far_under_the_limit(sizes: list[int], ahead: bool) -> None:
    after = first_id_at(AT + timedelta(days=3650)) if ahead else None
    events = [{"id": str(n), "body": b"x" * size, "headers": []} for n, size in enumerate(sizes)]
    packed = documents(events, after, AT)
    assert [event for document in packed for event in document["events"]] == events
    ids = [document["_id"] for document in packed]
    assert ids == sorted(set(ids))
    assert all(id > (after or "") for id in ids)
    assert all(sum(len(e["body"]) for e in d["events"]) <= 8 * 1024 * 1024 for d in packed)


def test_the_business_moment_and_the_moment_of_writing_are_two_things() -> None:
    work = Work("/routing", AT + timedelta(hours=3))
    put(work, A, 1)
    work.keep()
    assert b'"occurred_at":"2026-11-23T02:00:00.000Z"' in work._events[0]["body"]
    assert dict(work._events[0]["headers"])["ce_time"] == b"2026-11-23T05:00:00.000Z"
