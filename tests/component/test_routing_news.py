"""News of an inbox: who listens hears of every change of a transfer, once, and of nothing else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
import uvicorn

from services.kit.mongo.driver import PyMongoError
from services.kit.process import server
from services.routing import http_inbox, news
from services.routing.api import create_app
from services.routing.news import InboxNews, Listener
from services.routing.store import TRANSFERS
from services.routing.transfers import transfer_id
from tests.component.routing_fixtures import HandSettings, Timed, begin, codes_in, did
from tests.component.service_fixtures import DISTRICT, OFFICE, TWO_STEPS, Service, dossier
from tests.eventually import eventually


@dataclass
class Stream:
    """What came over one connection."""

    reply: httpx.Response
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    beats: int = 0
    over: bool = False

    async def read(self) -> None:
        name = ""
        async for line in self.reply.aiter_lines():
            kind, _, value = line.partition(": ")
            if kind == "event":
                name = value
            elif kind == "data":
                self.events.append((name, json.loads(value)))
            elif line == ": beat":
                self.beats += 1
        self.over = True

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.events]

    @property
    def transfers(self) -> list[tuple[str, str, int]]:
        return [(told["code"], told["state"], told["revision"]) for name, told in self.events if name == "transfer"]


@pytest.fixture
async def process(timed: Timed, mongodb_url: str, prefix: str) -> AsyncIterator[uvicorn.Server]:
    """An API process on a port of its own: events come over a real connection."""
    settings = HandSettings(mongodb_url=mongodb_url, mongodb_prefix=prefix)  # type: ignore[arg-type]
    settings.hold(timed.hand)
    running = server(create_app(settings), settings, 0, signals=False)
    task = asyncio.create_task(running.serve())
    await eventually(lambda: running.started)
    yield running
    running.should_exit = True
    await task


@pytest.fixture
def address(process: uvicorn.Server) -> str:
    return f"http://127.0.0.1:{process.servers[0].sockets[0].getsockname()[1]}"


@asynccontextmanager
async def listening(routing: Service, address: str, agency: str = OFFICE) -> AsyncIterator[Stream]:
    """Somebody looks at the inbox of an agency."""
    async with (
        httpx.AsyncClient(base_url=address, headers=await routing.key(f"agency:{agency}"), timeout=20) as client,
        client.stream("GET", f"/v1/agencies/{agency}/inbox/events") as reply,
    ):
        stream = Stream(reply)
        reading = asyncio.create_task(stream.read())
        await eventually(lambda: stream.names == ["ready"])
        yield stream
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


def polling() -> list[asyncio.Task[Any]]:
    return [task for task in asyncio.all_tasks() if task.get_name() == "inbox-news"]


async def lay(routing: Service, number: int, *, ago_s: float = 0, revision: int = 1, agency: str = OFFICE) -> None:
    """A transfer as a document alone, as another process has just made it visible."""
    document = {
        "_id": transfer_id(dossier(number), 1), "code": dossier(number), "number": 1, "agency": agency,
        "state": "offered", "case_state": "open", "due_at": None, "ended_at": None, "box": "to-accept",
        "revision": revision, "changed_at": routing.clock() - timedelta(seconds=ago_s),
    }  # fmt: skip
    await routing.mongo.collection(TRANSFERS).replace_one({"_id": document["_id"]}, document, upsert=True)


def heard(listener: Listener) -> list[tuple[str, int] | None]:
    found: list[tuple[str, int] | None] = []
    while not listener.empty():
        document = listener.get_nowait()
        found.append(document and (document["code"], document["revision"]))
    return found


async def test_whoever_looks_at_an_inbox_hears_of_a_new_transfer_and_of_what_becomes_of_it(
    timed: Timed, address: str
) -> None:
    routing = timed.service
    async with listening(routing, address) as mine, listening(routing, address, DISTRICT) as theirs:
        assert mine.reply.headers["content-type"].startswith("text/event-stream")
        assert mine.reply.headers["cache-control"] == "no-store"
        code = await begin(routing, procedure=TWO_STEPS)
        await eventually(lambda: mine.transfers == [(code, "offered", 1)])
        await did(routing, code, "accept")
        await eventually(lambda: len(mine.transfers) == 2)
        await did(routing, code, "complete")
        await eventually(lambda: theirs.transfers == [(code, "offered", 3)])
        await eventually(lambda: len(mine.transfers) == 3)
        assert mine.transfers == [(code, "offered", 1), (code, "accepted", 2), (code, "done", 3)]
        _, told = theirs.events[-1]
        assert "box" not in told
        assert "_id" not in told
        assert await codes_in(routing, "to-accept", DISTRICT) == [code]


async def test_a_quiet_stream_says_that_it_lives_and_nobody_asks_the_database_once_all_are_gone(
    timed: Timed, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_inbox, "BEAT_S", 0.05)
    async with listening(timed.service, address) as stream:
        await eventually(lambda: stream.beats >= 2)
        assert len(polling()) == 1
        assert stream.names == ["ready"]
    await eventually(lambda: not polling())


async def test_who_cannot_follow_is_told_to_load_the_inbox_anew(
    timed: Timed, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    routing = timed.service
    monkeypatch.setattr(news, "MOST_WAITING", 1)
    async with listening(routing, address) as stream:
        documents = [
            {"_id": f"{dossier(number)}/1", "agency": OFFICE, "revision": 1, "changed_at": routing.clock()}
            for number in range(1, 5)
        ]
        await routing.mongo.collection(TRANSFERS).insert_many(documents)
        await eventually(lambda: "reload" in stream.names)
        assert "transfer" not in stream.names
        await lay(routing, 9)
        await eventually(lambda: stream.transfers == [(dossier(9), "offered", 1)])


async def test_a_process_that_is_told_to_stop_ends_its_streams_and_does_not_wait_for_who_listens(
    timed: Timed, address: str, process: uvicorn.Server
) -> None:
    """It gives running requests 20 s; the stream would take them all."""
    async with listening(timed.service, address) as stream:
        process.should_exit = True
        await eventually(lambda: stream.over)
        assert stream.names == ["ready"]


async def test_a_look_that_fails_is_made_up_for_by_the_next(
    timed: Timed, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, look = [], InboxNews.look

    async def flaky(self: InboxNews) -> None:
        looks.append(1)
        if len(looks) < 3:
            raise PyMongoError("away")
        await look(self)

    monkeypatch.setattr(InboxNews, "look", flaky)
    async with listening(timed.service, address) as stream:
        await lay(timed.service, 1)
        await eventually(lambda: stream.transfers == [(dossier(1), "offered", 1)])


async def test_each_change_is_told_once_however_often_it_is_looked_for(timed: Timed) -> None:
    routing = timed.service
    of_inbox = InboxNews(routing.mongo, routing.clock)
    await lay(routing, 1)
    async with of_inbox.listen(OFFICE) as listener, of_inbox.listen(DISTRICT) as other:
        await of_inbox.look()
        assert heard(listener) == []  # it was there when the inbox was loaded
        await lay(routing, 2)
        for _ in range(3):
            await of_inbox.look()
        assert heard(listener) == [(dossier(2), 1)]
        await lay(routing, 1, revision=2)
        await lay(routing, 3, agency=DISTRICT)
        for _ in range(3):
            timed.hand.move(seconds=4)
            await of_inbox.look()
        assert (heard(listener), heard(other)) == ([(dossier(1), 2)], [(dossier(3), 1)])


async def test_a_change_that_becomes_visible_after_a_later_one_is_told_all_the_same(timed: Timed) -> None:
    """Two writers: the first to begin is the last to commit."""
    routing = timed.service
    of_inbox = InboxNews(routing.mongo, routing.clock)
    async with of_inbox.listen(OFFICE) as listener:
        await lay(routing, 1)
        await of_inbox.look()
        await lay(routing, 2, ago_s=3)
        await of_inbox.look()
        assert heard(listener) == [(dossier(1), 1), (dossier(2), 1)]


async def test_who_comes_back_hears_of_what_is_new_then(timed: Timed) -> None:
    routing = timed.service
    of_inbox = InboxNews(routing.mongo, routing.clock)
    async with of_inbox.listen(OFFICE):
        await of_inbox.look()
    await lay(routing, 1)
    async with of_inbox.listen(OFFICE) as listener:
        await of_inbox.look()
        await lay(routing, 2)
        await of_inbox.look()
        assert heard(listener) == [(dossier(2), 1)]
