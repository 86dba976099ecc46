"""What must be true of the service at any moment, told from the log and the fences alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from services.kit.decoding import Decoded, decode
from services.kit.failures import stored_record
from services.kit.kafka import Record
from tests.component.model_service import ANSWERS, CODES, COMMANDS, FACTS, HANDLERS, OUT, entry_of, is_command, is_fact
from tests.component.model_world import GROUP, World

SKIPPED = "skipped-by-operator"


@dataclass
class Seen:
    """The service's database as it is now."""

    books: dict[str, dict[str, Any]]
    parked: list[dict[str, Any]]
    keys: dict[str, dict[str, Any]]
    letters: list[dict[str, Any]]
    events: list[dict[str, Any]]
    waiting: int
    consumed: list[tuple[int, Record]] = field(default_factory=list)

    @classmethod
    async def of(cls, world: World) -> Seen:
        outbox = await world.all("outbox")
        return cls(
            {book["_id"]: book for book in await world.all("books")},
            await world.all("parked"),
            {key["_id"]: key for key in await world.all("parked_keys")},
            await world.all("dead_letters"),
            [event for document in outbox for event in document["events"]],
            sum("pending" in document for document in outbox),
            world.earlier + await world.consumed(),
        )

    def entries(self, code: str) -> list[str]:
        return self.books[code]["entries"] if code in self.books else []

    def parked_entries(self, code: str) -> list[str]:
        rows = [row for row in self.parked if row["parked_key"] == f"{GROUP}|{code}"]
        return [entry_of(row["topic"], row["value"])[1] for row in rows]


def is_ours(record: Record) -> bool:
    item = decode(record)
    return isinstance(item, Decoded) and type(item.message) in HANDLERS


def firsts(records: Iterable[Record]) -> dict[str, list[str]]:
    """Entries by dossier in the order of their first records, repeats left out."""
    found: dict[str, list[str]] = {code: [] for code in CODES}
    for record in records:
        if is_ours(record):
            code, entry = entry_of(record.topic, record.value or b"")
            if entry not in found[code]:
                found[code].append(entry)
    return found


def check(world: World, seen: Seen) -> None:
    """Raises: AssertionError."""
    _log_in_order(world)
    _every_record_in_one_place(seen)
    _parked_keys_fit_their_rows(seen)
    _letters_hold_the_bytes(seen)
    _commands_answered_once(seen)
    _state_and_events_agree(seen)


def _log_in_order(world: World) -> None:
    """Whatever relays did, the first record of each event comes in its order."""
    for topic in (FACTS, OUT):
        records = [record for place, there in world.log.records.items() if place[0] == topic for record in there]
        for code, entries in firsts_of_steps(records).items():
            assert entries == list(range(1, len(entries) + 1)), f"{topic} of {code} out of order: {entries}"


def firsts_of_steps(records: Iterable[Record]) -> dict[str, list[int]]:
    steps: dict[str, list[int]] = {code: [] for code in CODES}
    for record in records:
        if is_ours(replace(record, topic=FACTS)):
            body = json.loads(record.value or b"")
            if body["step"] not in steps[body["code"]]:
                steps[body["code"]].append(body["step"])
    return steps


def _every_record_in_one_place(seen: Seen) -> None:
    """Each good record below a fence is entered, parked or buried: one of these, once, in order per topic and code."""
    consumed = firsts(record for _, record in seen.consumed)
    buried: dict[str, list[str]] = {code: [] for code in CODES}
    for letter in seen.letters:
        if isinstance(decode(stored_record(letter)), Decoded):
            code, entry = entry_of(letter["topic"], letter["value"])
            buried[code].append(entry)
            assert letter["slug"] == SKIPPED or is_command(entry), f"a fact was buried: {letter['slug']}"
    for code in CODES:
        entered, parked = seen.entries(code), seen.parked_entries(code)
        places = Counter([*entered, *parked, *buried[code]])
        assert places == Counter(consumed[code]), (
            f"{code}: read {consumed[code]}; entered {entered}, parked {parked}, buried {buried[code]}"
        )
        for kind in (is_fact, is_command):
            gone = set(buried[code])
            expected = [entry for entry in consumed[code] if kind(entry) and entry not in gone]
            order = [entry for entry in (*entered, *parked) if kind(entry)]
            assert order == expected, f"{code} out of order: {order}, was read as {expected}"


def _parked_keys_fit_their_rows(seen: Seen) -> None:
    rows = Counter(row["parked_key"] for row in seen.parked)
    assert {key: document["count"] for key, document in seen.keys.items()} == dict(rows), "parked keys and rows differ"


def _letters_hold_the_bytes(seen: Seen) -> None:
    """What cannot be read lies there once for each record, byte for byte; so does what was buried."""
    poison = [record for _, record in seen.consumed if not isinstance(decode(record), Decoded)]
    found = [stored_record(letter) for letter in seen.letters]
    assert Counter(r for r in found if not isinstance(decode(r), Decoded)) == Counter(poison), "dead letters differ"
    original = {record for _, record in seen.consumed}
    assert all(record in original for record in found), "a dead letter is not what lay in the log"
    copies = Counter((e["topic"], e["key"], e["body"]) for e in seen.events if e["type"] == "dead-letter")
    assert copies == Counter((f"{r.topic}.dlq.{GROUP}", r.key, r.value) for r in found), "copies of dead letters differ"


def _commands_answered_once(seen: Seen) -> None:
    answers = Counter(json.loads(event["body"])["command_id"] for event in seen.events if event["topic"] == ANSWERS)
    settled: Counter[str] = Counter()
    for code in CODES:
        settled.update(f"{code}/{entry.replace(' ', '/')}" for entry in seen.entries(code) if is_command(entry))
    for letter in seen.letters:
        item = decode(stored_record(letter))
        if letter["topic"] == COMMANDS and item.envelope is not None:
            settled[item.envelope.id] += 1
    assert answers == settled, f"answers {answers} to {settled}"


def _state_and_events_agree(seen: Seen) -> None:
    """The journal has exactly the events of what the books say, numbered without a gap."""
    for code in CODES:
        book = seen.books.get(code, {"told": 0, "entries": []})
        mine = [event for event in seen.events if event["aggregate"] == f"books/{code}"]
        assert [event["sequence"] for event in mine] == list(range(1, len(mine) + 1)), f"{code}: gap in the journal"
        for topic, many in ((FACTS, book["told"]), (OUT, len(book["entries"]))):
            steps = [json.loads(event["body"])["step"] for event in mine if event["topic"] == topic]
            assert steps == list(range(1, many + 1)), f"{code}: {many} on {topic}, events {steps}"


def check_at_rest(world: World, seen: Seen, blocked: set[str]) -> None:
    """Nothing moves any more: all that was told has arrived, and only what is blocked waits."""
    assert seen.waiting == 0, "events were not sent"
    there = [record for place in world.read for record in world.log.at(place)]
    assert Counter(r for epoch, r in seen.consumed if epoch == world.log.epoch) == Counter(there), "records not read"
    published = firsts_of_steps(r for place, records in world.log.records.items() if place[0] == FACTS for r in records)
    out = firsts_of_steps(r for place, records in world.log.records.items() if place[0] == OUT for r in records)
    for code in CODES:
        book = seen.books.get(code, {"told": 0, "entries": []})
        assert len(published[code]) == book["told"], f"{code}: told {book['told']}, in the log {published[code]}"
        assert len(out[code]) == len(book["entries"]), f"{code}: events of entries missing in the log"
        parked = seen.parked_entries(code)
        if code not in blocked:
            no_fact = not any(map(is_fact, (*book["entries"], *parked)))
            assert not parked or (no_fact and all(map(is_command, parked))), f"{code} waits for nothing: {parked}"
