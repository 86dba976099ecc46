"""What a process that died held in a transaction is free for others long before the server would end it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest

from services.kit.commit import Committer
from services.kit.errors import Stale
from services.kit.mongo import Mongo, Session, transact
from services.kit.mongo.driver import PyMongoError
from services.kit.sessions import PROCESSES, Sessions
from tests.eventually import eventually

DIES_IN_A_TRANSACTION = """
import asyncio, sys
from services.kit.mongo import Mongo, transact
from services.kit.sessions import Sessions
from services.kit.settings import Settings

async def main(url, name):
    mongo = Mongo(url, name, driver=Settings().mongo_driver)
    mongo.sessions = Sessions(mongo, "doomed")

    async def body(session):
        await mongo.collection("numbers").update_one({"_id": "series"}, {"$inc": {"last": 1}}, session=session)
        print("holding", flush=True)
        await asyncio.sleep(600)

    await transact(mongo, body, seconds=600)

asyncio.run(main(sys.argv[1], sys.argv[2]))
"""

BUSY_IN_A_TRANSACTION = """
import asyncio, sys, threading, time
from services.kit.mongo import Mongo, transact
from services.kit.sessions import Sessions
from services.kit.settings import Settings

async def main(url, name):
    mongo = Mongo(url, name, driver=Settings().mongo_driver)
    mongo.sessions = sessions = Sessions(mongo, "busy", beat_s=0.05)
    done = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), done.set()), daemon=True).start()

    async def body(session):
        await mongo.collection("numbers").update_one({"_id": "series"}, {"$inc": {"last": 1}}, session=session)
        print("holding", flush=True)
        while not done.is_set():  # nobody else gets a turn on this loop
            sum(range(10_000))

    looking = asyncio.create_task(sessions.run(asyncio.Event()))
    await asyncio.sleep(0.01)
    await transact(mongo, body, seconds=600)
    print("committed", flush=True)

asyncio.run(main(sys.argv[1], sys.argv[2]))
"""


@pytest.fixture
async def series(mongo: Mongo) -> Mongo:
    await mongo.collection("numbers").insert_one({"_id": "series", "last": 6})
    await mongo.create_indexes(PROCESSES, [])
    return mongo


@pytest.fixture
async def second(mongodb_url: str, mongo: Mongo) -> AsyncIterator[Mongo]:
    """Another connection to the same database."""
    other = Mongo(mongodb_url, mongo.name, driver=mongo.driver)
    yield other
    await other.close()


async def taken(mongo: Mongo) -> int:
    """Take the next number. Raises: Stale: another one holds it."""

    async def body(session: Session) -> int:
        await mongo.collection("numbers").update_one({"_id": "series"}, {"$inc": {"last": 1}}, session=session)
        found = await mongo.collection("numbers").find_one({"_id": "series"}, session=session)
        last: int = found["last"]
        return last

    return await transact(mongo, body, conflict_s=0.3)


async def test_what_a_killed_process_held_is_free_when_its_beat_has_stood_still(
    series: Mongo, mongodb_url: str
) -> None:
    dying = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DIES_IN_A_TRANSACTION, mongodb_url, series.name, stdout=asyncio.subprocess.PIPE
    )
    assert dying.stdout is not None
    try:
        assert await asyncio.wait_for(dying.stdout.readline(), 60) == b"holding\n"
    finally:
        dying.kill()
        await dying.wait()
    with pytest.raises(Stale):
        await taken(series)
    watcher = Sessions(series, "watcher", ttl_s=0.5)

    async def ended() -> bool:
        return await watcher.look() == 1

    await eventually(ended, timeout=20)
    assert await taken(series) == 7, "what the dead process had written is rolled back"
    assert [d["process"] async for d in series.collection(PROCESSES).find({})] == ["watcher"]


async def test_a_process_that_beats_keeps_what_it_holds(series: Mongo, second: Mongo) -> None:
    series.sessions = holder = Sessions(series, "holder")
    watcher = Sessions(second, "watcher", ttl_s=0.2)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def body(session: Session) -> None:
        await series.collection("numbers").update_one({"_id": "series"}, {"$inc": {"last": 1}}, session=session)
        begun.set()
        await go_on.wait()

    holding = asyncio.create_task(transact(series, body, seconds=60))
    await asyncio.wait_for(begun.wait(), 30)
    looks = 0

    async def looked_often() -> bool:
        nonlocal looks
        looks += 1
        await holder.look()
        assert await watcher.look() == 0
        return looks > 12

    await eventually(looked_often, timeout=30)
    go_on.set()
    await holding
    assert (await series.collection("numbers").find_one({"_id": "series"}))["last"] == 7


async def test_a_process_that_was_only_stopped_begins_its_transaction_anew_and_goes_on(
    series: Mongo, second: Mongo
) -> None:
    series.sessions = Sessions(series, "stopped")
    watcher = Sessions(second, "watcher", ttl_s=0.2)
    begun, go_on = asyncio.Event(), asyncio.Event()
    runs = 0

    async def body(session: Session) -> None:
        nonlocal runs
        runs += 1
        await series.collection("numbers").update_one({"_id": "series"}, {"$inc": {"last": 1}}, session=session)
        begun.set()
        await go_on.wait()
        await series.collection("numbers").update_one({"_id": "series"}, {"$inc": {"steps": 1}}, session=session)

    stopped = asyncio.create_task(transact(series, body, seconds=60))
    await asyncio.wait_for(begun.wait(), 30)

    async def ended() -> bool:
        return await watcher.look() == 1

    await eventually(ended, timeout=20)
    assert await taken(second) == 7
    go_on.set()
    await stopped
    assert runs == 2
    assert await taken(series) == 9, "the client goes on under the sessions that were ended"


async def test_an_orderly_end_leaves_nothing_to_look_after(series: Mongo) -> None:
    series.sessions = Sessions(series, "orderly")
    await taken(series)
    assert await series.collection(PROCESSES).count_documents({"process": "orderly"}) == 1
    await series.sessions.leave()
    assert await series.collection(PROCESSES).count_documents({}) == 0


async def test_a_session_that_could_not_be_written_down_is_written_down_next_time(
    series: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    series.sessions = subject = Sessions(series, "unlucky")

    async def away() -> None:
        raise PyMongoError("away")

    async with series.session() as session:
        with monkeypatch.context() as patch:
            patch.setattr(subject, "_write", away)
            with pytest.raises(PyMongoError):
                await subject.note(session)
        await subject.note(session)
    (document,) = [d async for d in series.collection(PROCESSES).find({})]
    assert len(document["sessions"]) == 1


async def test_a_process_whose_loop_is_busy_is_alive_and_keeps_what_it_holds(series: Mongo, mongodb_url: str) -> None:
    busy = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BUSY_IN_A_TRANSACTION, mongodb_url, series.name,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert busy.stdout is not None
    assert busy.stdin is not None
    watcher = Sessions(series, "watcher", ttl_s=60.0, look_s=100.0)
    beats = set()

    async def beat_often() -> bool:
        assert await watcher.look() == 0
        beats.update([d["beat"] async for d in series.collection(PROCESSES).find({"process": "busy"})])
        return len(beats) > 5

    try:
        assert await asyncio.wait_for(busy.stdout.readline(), 60) == b"holding\n"
        await eventually(beat_often, timeout=60)
        busy.stdin.write(b"go on\n")
        assert await asyncio.wait_for(busy.stdout.readline(), 60) == b"committed\n"
    finally:
        busy.kill()
        await busy.wait()
    assert (await series.collection("numbers").find_one({"_id": "series"}))["last"] == 7


async def test_time_in_which_the_watcher_stood_still_is_held_against_nobody(series: Mongo, second: Mongo) -> None:
    clock = [1000.0]
    watcher = Sessions(second, "watcher", clock=lambda: clock[0])
    series.sessions = Sessions(series, "held up by the same")
    await taken(series)
    assert await watcher.look() == 0
    clock[0] += 600
    assert await watcher.look() == 0
    looks = 0
    while not await watcher.look():
        clock[0] += watcher.look_s
        looks += 1
    assert (watcher.ttl_s / watcher.look_s) - 2 <= looks <= watcher.ttl_s / watcher.look_s


async def test_the_look_goes_on_after_an_error_that_nobody_foresaw(
    series: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject, stop, looks = Sessions(series, "surprised", look_s=0.01, beat_s=0.01), asyncio.Event(), 0

    async def look() -> int:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise KeyError("beat")
        return 0

    monkeypatch.setattr(subject, "look", look)
    running = asyncio.create_task(subject.run(stop))

    async def goes_on() -> bool:
        return looks > 3 or running.done()

    await eventually(goes_on, timeout=20)
    stop.set()
    await running
    await subject.leave()


async def test_a_process_that_is_being_stopped_beats_until_it_leaves(series: Mongo) -> None:
    """A batch that is drained may take longer than a beat may stand still."""
    subject, stop = Sessions(series, "stopping", beat_s=0.02), asyncio.Event()
    stop.set()
    await subject.run(stop)
    await subject.look()
    beats = set()

    async def beats_on() -> bool:
        beats.update([d["beat"] async for d in series.collection(PROCESSES).find({})])
        return len(beats) > 3

    await eventually(beats_on, timeout=30)
    await subject.leave()
    assert await series.collection(PROCESSES).count_documents({}) == 0


def test_who_waits_for_what_a_dead_process_held_is_patient_enough() -> None:
    """Seen at the latest one beat and one look after the last sign of life, ended one look late."""
    latest = Sessions.beat_s + 2 * Sessions.look_s + Sessions.ttl_s
    assert latest <= Committer.patience - 2
