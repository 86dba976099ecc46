"""What the incremental check remembers: stored and read again it is the same, and what was seen of a row stays seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import bson
from hypothesis import given
from hypothesis import strategies as st

from motcua.check.facts import Command, Facts, Logged, Row
from motcua.check.findings import Report
from motcua.check.schedule import AT_ONCE, KEPT, Schedule, complete
from motcua.check.trails import Trail, of_record, of_row, trail_id
from tests.unit.check.facts_fixtures import CODE, NOW, filing, notice, row

MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
ROWS = st.builds(
    Row,
    service=st.sampled_from(["intake", "routing"]),
    id=st.uuids().map(str),
    topic=st.sampled_from(["dossier.events.v1", "agency.transfers.v1"]),
    type=st.just("vn.motcua.dossier.paid.v1"),
    subject=st.just(CODE),
    aggregate=st.sampled_from([f"dossiers/{CODE}", f"cases/{CODE}"]),
    sequence=st.integers(1, 50),
    pending=st.booleans(),
    created_at=MOMENTS,
    sent_at=st.none() | MOMENTS,
    key=st.sampled_from([CODE.encode(), b"H12.970.02", b"\xff"]),
    logged=st.booleans(),
    back=st.booleans(),
)
RECORDS = st.builds(
    Logged,
    topic=st.just("dossier.events.v1"),
    key=st.none() | st.binary(max_size=4),
    id=st.uuids().map(str),
    source=st.just("/intake"),
    type=st.just("t"),
    subject=st.just(CODE),
    causation=st.none(),
    written_ms=st.integers(0, 10**13),
)
TRAILS = st.builds(
    Trail,
    rows=st.lists(ROWS, max_size=5).map(lambda rows: {row.id: row for row in rows}),
    strays=st.lists(RECORDS, max_size=3).map(lambda records: {record.id: record for record in records}),
    have=st.sets(st.integers(1, 40)),
    command=st.none()
    | st.builds(
        Command,
        st.dictionaries(st.text(min_size=1, max_size=5), st.integers(0, 10**13), max_size=2),
        st.dictionaries(st.text(min_size=1, max_size=5), st.booleans(), max_size=3),
    ),
    look_at=st.none() | MOMENTS,
)


@given(TRAILS)
def test_a_trail_that_was_stored_is_read_as_it_was(trail: Trail) -> None:
    stored = bson.decode(bson.encode(trail.to_document(trail_id("dossier", CODE))), bson.CodecOptions(tz_aware=True))
    again = Trail.of(stored)
    assert again == trail
    assert again.to_document(trail_id("dossier", CODE)) == stored, "what did not change is not written again"


def test_an_answer_that_tells_of_no_aggregate_has_a_trail_of_its_own() -> None:
    reply = replace(row("r", "intake", "t", 1), topic="counter.replies.v1", sequence=None, aggregate="", key=b"H12")
    assert of_row(reply) == "event/r"
    assert of_record(Logged("counter.replies.v1", b"H12", "r", "/intake", "t", "H12")) == "event/r"
    trail = Trail({"r": reply})
    assert Trail.of(trail.to_document("event/r")) == trail


def test_a_row_that_is_read_again_keeps_what_the_log_showed_and_says_what_is_so_now() -> None:
    waiting = row("e", "intake", "t", 1, pending=True, sent_at=None)
    seen = replace(waiting, logged=True, back=True)
    trail = Trail({"e": seen})
    trail.merge([row("e", "intake", "t", 1)])
    now = trail.rows["e"]
    assert (now.pending, now.logged, now.back) == (False, True, True)


def look_at(trail: Trail, id: str = f"dossier/{CODE}", **changes: object) -> tuple[datetime | None, bool]:
    """When it is looked at again, and whether it is forgotten."""
    schedule = replace(
        Schedule.of(Facts(), Report(), set(), None, NOW, timedelta(0), log_read=True),
        **changes,  # type: ignore[arg-type]
    )
    over = schedule.apply({id: trail})
    return trail.look_at, bool(over)


def test_what_is_wrong_waits_or_was_not_seen_is_looked_at_at_once_and_the_rest_when_its_time_comes() -> None:
    fine, waits = replace(row("e", "intake", "t", 1), logged=True), row("e", "intake", "t", 1, pending=True)
    stray = Logged("dossier.events.v1", None, "s", "/intake", "t", CODE)
    later = NOW + timedelta(hours=1)
    assert look_at(Trail({"e": fine})) == (None, False)
    assert look_at(Trail({"e": fine}), times={CODE: later}) == (later, False)
    assert look_at(Trail({"e": fine}), wrong=frozenset({CODE})) == (AT_ONCE, False)
    assert look_at(Trail({"e": fine}), with_states=frozenset()) == (AT_ONCE, False)
    assert look_at(Trail({"e": waits})) == (AT_ONCE, False)
    assert look_at(Trail({"e": replace(fine, logged=False)})) == (AT_ONCE, False)
    assert look_at(Trail({"e": replace(fine, logged=False)}), log_read=False) == (None, False)
    assert look_at(Trail(strays={"s": stray})) == (AT_ONCE, False)


def test_answers_and_commands_are_forgotten_when_kafka_has_forgotten_them() -> None:
    reply = replace(row("r", "intake", "t", 1), sequence=None, logged=True)
    assert look_at(Trail({"r": reply}), "event/r") == (reply.created_at + KEPT, False)
    assert look_at(Trail({"r": reply}), "event/r", now=NOW + KEPT)[1]
    sent = int(NOW.timestamp() * 1000)
    open_, done = Command({"/desk": sent}), Command({"/desk": sent}, {"a": True})
    assert look_at(Trail(command=open_), "command/c") == (AT_ONCE, False)
    assert look_at(Trail(command=open_), "command/c", answers_began_ms=sent + 1) == (NOW + KEPT, False)
    assert look_at(Trail(command=done), "command/c") == (NOW + KEPT, False)
    assert look_at(Trail(command=done), "command/c", now=NOW + KEPT)[1]


def test_every_dossier_that_was_read_has_a_trail_and_time_is_set_by_what_ends_first() -> None:
    sent = notice("e", "a", state="sent", expires_at=NOW + timedelta(hours=2))
    facts = Facts(dossiers={CODE: filing(answer_due_at=NOW)}, notices={"n": sent}, numbers={})
    trails: dict[str, Trail] = {}
    complete(trails, facts)
    assert set(trails) == {f"dossier/{CODE}", f"series/{CODE.rpartition('-')[0]}"}
    schedule = Schedule.of(facts, Report(), set(), None, NOW, timedelta(minutes=1), log_read=True)
    schedule.apply(trails)
    assert trails[f"dossier/{CODE}"].look_at == NOW + timedelta(hours=1), "the filing: an hour after its date"
