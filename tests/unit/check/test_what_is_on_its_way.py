"""What a consumer of ours has not come to is late, not lost; and what is wrong is found all the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contracts.events.counter import CommandAccepted, FileDossier
from motcua.check.facts import Logged, Parked, Row
from motcua.check.fences import READERS, Fences
from motcua.check.unread import unread
from services.kit.kafka import LogEnds
from tests.unit.check.facts_fixtures import (
    CODE,
    COUNTER,
    MINUTE,
    NOW,
    World,
    change_row,
    dossier,
    good,
    judge,
    logged,
    notice,
    row,
)

EVENTS, COMMANDS, REPLIES = "dossier.events.v1", "counter.intake.v1", "counter.replies.v1"
PARTITION = 3
GROUPS = ("intake", "routing", "notify")
SENT = timedelta(seconds=2)


def fences(next_: Mapping[str, int], topic: str = EVENTS) -> Fences:
    """Of one partition; everybody else has read everything, of other partitions too."""
    others = {
        (name, number): 10_000 for name in READERS for number in range(12) if (name, number) != (topic, PARTITION)
    }
    return Fences({group: others | {(topic, PARTITION): next_.get(group, 10_000)} for group in GROUPS})


def in_the_log(facts: World) -> None:
    """Its records one after the other in one partition, from offset 1."""
    assert facts.log is not None
    facts.log[:] = [replace(one, at=(PARTITION, offset)) for offset, one in enumerate(facts.log, 1)]


def submitted_while_kafka_was_away() -> World:
    """Ten minutes ago; sent two seconds ago, applied by nobody."""
    facts = good()
    facts.dossiers = {CODE: dossier(status="received", timeliness=None)}
    facts.cases, facts.notices, facts.messages = {}, {}, []
    facts.journal = [row("e1", "intake", facts.journal[0].type, 1, sent_at=NOW - timedelta(minutes=2))]
    facts.log = [logged("e1")]
    in_the_log(facts)
    return facts


NO_CASE, NO_NOTICE = ("lost", "dossier-without-case"), ("lost", "event-without-notice")


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        ({"routing": 1, "notify": 1}, []),
        ({"routing": 0, "notify": 0}, []),
        ({"routing": 2, "notify": 1}, [NO_CASE]),
        ({"routing": 1, "notify": 2}, [NO_NOTICE]),
        ({"routing": 1, "notify": 1, "intake": 0}, []),
        ({"intake": 1}, [NO_CASE, NO_NOTICE]),
        ({}, [NO_CASE, NO_NOTICE]),
    ],
)
def test_what_its_reader_has_not_come_to_is_on_its_way_however_old_it_is(
    read: dict[str, int], expected: list[tuple[str, str]]
) -> None:
    facts = submitted_while_kafka_was_away()
    facts.fences = fences(read)
    assert sorted((f.kind, f.rule) for f in judge(facts).findings) == expected
    assert {(f.kind, f.rule) for f in judge(facts, timedelta(0)).findings} == {NO_CASE, NO_NOTICE}, "at rest"


def test_a_consumer_that_has_read_nothing_has_everything_before_it() -> None:
    facts = submitted_while_kafka_was_away()
    facts.fences = Fences({group: {} for group in GROUPS})
    assert judge(facts).clean
    facts.fences = Fences({"notify": {}})
    assert [f.rule for f in judge(facts).findings] == ["dossier-without-case"], "of routing nothing is known"


def test_the_fence_of_another_partition_says_nothing() -> None:
    facts = submitted_while_kafka_was_away()
    facts.fences = Fences({group: {(EVENTS, PARTITION + 1): 10_000, (COMMANDS, PARTITION): 10_000} for group in GROUPS})
    assert judge(facts).clean


def test_what_was_applied_and_sent_once_more_has_been_applied() -> None:
    facts = submitted_while_kafka_was_away()
    assert facts.log is not None
    facts.log.append(replace(facts.log[0], at=(PARTITION, 50)))
    facts.fences = fences({"routing": 20, "notify": 20})
    assert {(f.kind, f.rule) for f in judge(facts).findings} == {NO_CASE, NO_NOTICE}


def test_what_the_log_does_not_have_is_lost_wherever_the_consumers_are() -> None:
    facts = submitted_while_kafka_was_away()
    facts.log = []
    facts.fences = Fences({group: {} for group in GROUPS})
    assert ("lost", "event-not-in-log") in {(f.kind, f.rule) for f in judge(facts).findings}


def test_without_the_log_what_was_sent_a_moment_ago_is_given_time() -> None:
    facts = submitted_while_kafka_was_away()
    facts.log = None
    change_row(facts, "e1", created_at=NOW - 10 * MINUTE, sent_at=NOW - SENT)
    assert judge(facts).clean
    change_row(facts, "e1", sent_at=NOW - 2 * MINUTE)
    assert {(f.kind, f.rule) for f in judge(facts).findings} == {NO_CASE, NO_NOTICE}


def result_on_its_way(facts: World) -> None:
    """Routing has decided; the counter does not know."""
    facts.dossiers[CODE] = dossier(status="in_process", timeliness=None)
    facts.journal[:] = [row for row in facts.journal if row.id != "e4"]
    facts.log = [record for record in facts.log or () if record.id != "e4"]
    facts.notices.pop("n-e4")
    facts.messages = None


@pytest.mark.parametrize(("next_", "late"), [(3, True), (4, False)])
def test_a_result_is_lost_only_when_intake_has_come_past_it(next_: int, late: bool) -> None:
    facts = good()
    result_on_its_way(facts)
    in_the_log(facts)  # e1, e2, e3
    facts.fences = fences({"intake": next_, "routing": 2})
    expected = [] if late else ["result-not-at-counter"]
    assert [f.rule for f in judge(facts).findings] == expected, "that routing has not read its own word is no excuse"


@pytest.mark.parametrize("where", ["parked", "parked_before"])
def test_what_waits_in_notify_with_its_key_is_not_lost(where: str) -> None:
    facts = good()
    facts.notices.pop("n-e3")
    facts.messages = None
    getattr(facts, where).append(Parked("notify", f"notify|{CODE}", "bug"))
    expected = ["key-parked"] if where == "parked" else []
    assert [f.rule for f in judge(facts).findings] == expected
    getattr(facts, where)[:] = [Parked("routing", f"routing|{CODE}", "bug")]
    assert "event-without-notice" in {f.rule for f in judge(facts).findings}


def test_a_key_that_was_let_go_while_states_were_read_is_no_reason_to_call_its_dossier_lost() -> None:
    facts = submitted_while_kafka_was_away()
    facts.fences = fences({"notify": 1})
    facts.parked_before.append(Parked("routing", f"routing|{CODE}", "bug"))
    assert judge(facts).clean


def command(id: str, offset: int, source: str = "/desk") -> Logged:
    return Logged(COMMANDS, COUNTER.encode(), id, source, FileDossier.TYPE, COUNTER, None, 10, (PARTITION, offset))


def reply(id: str) -> Row:
    made = row(id, "intake", CommandAccepted.TYPE, 1, topic=REPLIES, aggregate="", subject=COUNTER)
    return replace(made, sequence=None)


def asked() -> World:
    """One command that was answered, one that was not."""
    facts = good()
    assert facts.log is not None
    facts.journal.append(reply("a1"))
    answer = Logged(REPLIES, COUNTER.encode(), "a1", "/intake", CommandAccepted.TYPE, COUNTER, "c1", 5)
    facts.log += [command("c1", 1), answer, command("c2", 2)]
    return facts


@pytest.mark.parametrize(("next_", "late"), [(2, True), (3, False)])
def test_a_command_is_stuck_only_when_intake_has_come_past_it(next_: int, late: bool) -> None:
    facts = asked()
    facts.fences = fences({"intake": next_}, COMMANDS)
    assert [f.rule for f in judge(facts).findings] == ([] if late else ["command-without-answer"])


def test_while_answers_wait_to_be_sent_one_of_them_may_be_the_missing_one() -> None:
    facts = asked()
    facts.fences = fences({})
    fresh = NOW - timedelta(seconds=5)
    facts.journal.append(replace(reply("a2"), pending=True, sent_at=None, created_at=fresh))
    assert judge(facts).clean


def test_a_command_answered_twice_is_found_though_another_of_its_id_is_on_its_way() -> None:
    facts = asked()
    assert facts.log is not None
    facts.fences = fences({"intake": 2}, COMMANDS)
    for n in (2, 3):
        id = f"a{n}"
        facts.journal.append(reply(id))
        facts.log.append(Logged(REPLIES, COUNTER.encode(), id, "/intake", CommandAccepted.TYPE, COUNTER, "c2", 11))
    assert [f.rule for f in judge(facts).findings] == ["command-answered-twice"]


SINCE = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ({0: LogEnds(0, 10)}, ""),
        ({0: LogEnds(0, 10, int(NOW.timestamp() * 1000))}, ""),
        (
            {0: LogEnds(0, 10, int(SINCE.timestamp() * 1000)), 1: LogEnds(4, 10, int(NOW.timestamp() * 1000))},
            "9 records wait for routing, the oldest since 2026-11-23 02:30 UTC: not compared until read",
        ),
    ],
)
def test_how_much_waits_and_since_when_is_told(ends: dict[int, LogEnds], expected: str) -> None:
    found = {(EVENTS, number): end for number, end in ends.items()}
    before_ms = (NOW - MINUTE).timestamp() * 1000
    assert unread("routing", {(EVENTS, 0): 7}, found, before_ms) == expected


def _shifted(facts: World, by: timedelta) -> None:
    """As a host writes them whose clock is wrong."""
    facts.journal[:] = [
        replace(r, created_at=r.created_at + by, sent_at=None if r.sent_at is None else r.sent_at + by)
        for r in facts.journal
    ]


def _by_one_service(facts: World, by: timedelta) -> None:
    for id in ("e2", "e3"):
        moved = next(r for r in facts.journal if r.id == id)
        change_row(facts, id, created_at=moved.created_at + by, sent_at=NOW + by)


def _ids(facts: World, by: timedelta) -> None:
    """Later events with ids that sort before earlier ones."""
    names = {old: f"{99 - n}" for n, old in enumerate(("e1", "e2", "e3", "e4"))}
    assert facts.log is not None
    assert facts.messages is not None
    facts.journal[:] = [replace(r, id=names[r.id]) for r in facts.journal]
    facts.log[:] = [replace(one, id=names[one.id]) for one in facts.log]
    facts.notices = {f"n-{names[id]}": notice(names[id], f"n-{id}-1") for id in ("e1", "e3", "e4")}
    _shifted(facts, by)


def _log_stamps(facts: World, by: timedelta) -> None:
    assert facts.log is not None
    facts.log[:] = [replace(one, written_ms=int((NOW + by).timestamp() * 1000)) for one in facts.log]


@pytest.mark.parametrize("by", [timedelta(minutes=m) for m in (-1440, -30, -9, 9, 30, 1440)], ids=str)
@pytest.mark.parametrize("shift", [_shifted, _by_one_service, _ids, _log_stamps])
def test_wrong_clocks_of_hosts_make_no_findings_of_what_is_in_order(
    shift: Callable[[World, timedelta], None], by: timedelta
) -> None:
    for read in (Fences(), fences(dict.fromkeys(GROUPS, 3))):
        facts = good()
        in_the_log(facts)
        facts.fences = read
        shift(facts, by)
        assert judge(facts).findings == []


def test_what_was_written_while_states_were_read_by_a_host_that_is_behind_is_no_difference() -> None:
    """Its moment looks old; its place in the log does not lie."""
    facts = good()
    result_on_its_way(facts)
    change_row(facts, "e3", created_at=NOW - timedelta(hours=2), sent_at=NOW - timedelta(hours=2))
    in_the_log(facts)
    facts.fences = fences(dict.fromkeys(GROUPS, 3))
    assert judge(facts).clean
