"""Of a compacted topic Kafka keeps the newest record of each key; what it threw away is not lost."""

from __future__ import annotations

from dataclasses import replace

from contracts.events.calendar import CalendarPublished
from contracts.topics import CALENDAR, CALENDAR_KEY
from motcua.check.facts import Logged
from tests.unit.check.facts_fixtures import MINUTE, NOW, World, good, judge, row

KEY = CALENDAR_KEY.encode()


def published(*logged_at_minute: int) -> World:
    """Two editions, sent 9 and 5 minutes ago; the log has those records that were written so many minutes ago."""
    facts = good()
    assert facts.log is not None
    for id, ago in (("first", 9), ("second", 5)):
        sent = {"created_at": NOW - ago * MINUTE, "sent_at": NOW - ago * MINUTE + MINUTE / 60}
        change = {"topic": CALENDAR.name, "key": KEY, "subject": CALENDAR_KEY, "aggregate": "", **sent}
        one = replace(row(id, "routing", CalendarPublished.TYPE, 1, **change), sequence=None)
        facts.journal.append(one)
        if ago in logged_at_minute:
            written = int((NOW - ago * MINUTE).timestamp() * 1000)
            facts.log.append(Logged(CALENDAR.name, KEY, id, "/routing", one.type, CALENDAR_KEY, None, written))
    return facts


def rules(facts: World) -> list[str]:
    return [finding.rule for finding in judge(facts).findings]


def test_an_older_record_of_a_key_may_be_gone() -> None:
    assert rules(published(9, 5)) == []
    assert rules(published(5)) == []


def test_the_newest_one_may_not() -> None:
    assert rules(published(9)) == ["event-not-in-log"]
    assert rules(published()) == ["event-not-in-log", "event-not-in-log"]
