"""Every command of a counter's software has one answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.events import counter
from motcua.check.facts import Logged, Parked
from tests.unit.check.facts_fixtures import (
    CODE,
    COUNTER,
    World,
    good,
    judge,
    row,
)

COMMAND = Logged("counter.intake.v1", COUNTER.encode(), "c-1", "/desk", counter.FileDossier.TYPE, COUNTER, None, 1_000)
ANSWER = Logged(
    "counter.replies.v1", COUNTER.encode(), "a-1", "/intake", counter.CommandAccepted.TYPE, COUNTER, "c-1", 1_100
)
EARLIER = replace(ANSWER, id="a-0", causation="c-0", written_ms=500)


def _answers(facts: World, *records: Logged) -> World:
    assert facts.log is not None
    facts.log += records
    for record in dict.fromkeys(records):
        if record.topic == ANSWER.topic:
            answer = row(record.id, "intake", record.type, 1, topic=record.topic, subject=COUNTER)
            facts.journal.append(replace(answer, aggregate="", sequence=None))
    return facts


def test_a_command_that_was_answered_once_is_fine_however_often_it_lies_on_the_topic() -> None:
    assert judge(_answers(good(), EARLIER, COMMAND, COMMAND, ANSWER, ANSWER)).findings == []


def test_a_command_that_nobody_answered_is_found() -> None:
    found = judge(_answers(good(), EARLIER, COMMAND)).findings
    assert [(f.kind, f.rule, f.subject) for f in found] == [("stuck", "command-without-answer", "c-1")]


def test_a_command_that_was_answered_twice_is_found() -> None:
    found = judge(_answers(good(), EARLIER, COMMAND, ANSWER, replace(ANSWER, id="a-2"))).findings
    assert [(f.kind, f.rule, f.subject) for f in found] == [("duplicated", "command-answered-twice", "c-1")]


REFUSED = replace(ANSWER, id="a-3", type=counter.CommandRejected.TYPE)


def test_a_command_that_was_refused_and_done_after_all_by_an_operator_is_fine() -> None:
    assert judge(_answers(good(), EARLIER, COMMAND, REFUSED, ANSWER)).findings == []


def test_a_command_that_was_refused_twice_is_found() -> None:
    found = judge(_answers(good(), EARLIER, COMMAND, REFUSED, replace(REFUSED, id="a-4"))).findings
    assert [f.rule for f in found] == ["command-answered-twice"]


@pytest.mark.parametrize(
    "record",
    [
        replace(COMMAND, type="vn.stranger.v1"),
        replace(COMMAND, key=b"\xff not a counter"),
        replace(COMMAND, written_ms=499),
    ],
    ids=["no command of ours", "no counter to answer to", "before the first answer: an older release"],
)
def test_what_cannot_be_answered_is_left_alone(record: Logged) -> None:
    assert judge(_answers(good(), EARLIER, record)).findings == []


def test_a_command_of_this_moment_and_one_that_waits_with_its_key_are_left_alone() -> None:
    facts = good()
    fresh = replace(COMMAND, written_ms=int(facts.began_ms) - 5_000)
    assert judge(_answers(facts, EARLIER, fresh)).findings == []
    waiting = _answers(good(), EARLIER, COMMAND)
    waiting.parked.append(Parked("intake", f"intake|{CODE}", "bug"))
    assert [f.rule for f in judge(waiting).findings] == ["key-parked"]


def test_an_answer_that_was_stored_and_is_not_on_its_topic_is_lost() -> None:
    facts = _answers(good(), EARLIER, COMMAND, ANSWER)
    assert facts.log is not None
    facts.log[:] = [record for record in facts.log if record.id != "a-1"]
    assert ("lost", "event-not-in-log") in [(f.kind, f.rule) for f in judge(facts).findings]
