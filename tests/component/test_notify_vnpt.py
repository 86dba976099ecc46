"""VNPT behind its adapter, against the running simulator; the loop that asks it, on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
import pytest_asyncio
from pydantic import SecretStr

from contracts.types import NoticeChannel, NoticeKind
from local.simulators.rig import VNPT_RESOLVED, Gateways
from services.kit import schema
from services.kit.commit import Committer
from services.kit.ids import new_id
from services.kit.lease import Lease
from services.kit.mongo import Mongo
from services.notify import vnpt_poll
from services.notify.channels import Letter, Question, Wording
from services.notify.channels.transport import Transport
from services.notify.channels.vnpt import Vnpt, VnptAccount
from services.notify.consumers import SOURCE
from services.notify.contact import Contact
from services.notify.domain.notice import Attempt, Notice
from services.notify.domain.results import Answer, Fate, Result, Verdict
from services.notify.domain.transitions import State
from services.notify.receipt_box import ReceiptBox
from services.notify.receipts import ReceiptLoop
from services.notify.store import MORE, NOTICES, RECEIPTS, STORES
from services.notify.vnpt_poll import VnptPoll
from tests.component.simulator_fixtures import gateways as gateways
from tests.component.simulator_fixtures import running as running
from tests.eventually import eventually

PHONE, VIETTEL = "84912345671", "84971234561"


def now() -> datetime:
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@asynccontextmanager
async def open_adapter(gateways: Gateways, timeout_s: float = 2.0, **account: Any) -> AsyncIterator[Vnpt]:
    settings = gateways.settings
    values: dict[str, Any] = {
        "base_url": f"{str(gateways.http.base_url).rstrip('/')}/vnpt",
        "agent_id": settings.vnpt_agent_id,
        "api_user": settings.vnpt_api_user,
        "api_pass": SecretStr(settings.vnpt_api_pass),
        "username": settings.vnpt_username,
        "label_id": settings.vnpt_label_id,
        "contract_id": settings.vnpt_contract_id,
        "send_time_format": "%d/%m/%Y",
    }
    one = Vnpt(Transport(httpx.AsyncClient(trust_env=False), timeout_s), VnptAccount(**(values | account)))
    try:
        yield one
    finally:
        await one.close()


@pytest_asyncio.fixture
async def adapter(gateways: Gateways) -> AsyncIterator[Vnpt]:
    async with open_adapter(gateways) as one:
        yield one


def letter(
    phone: str = PHONE,
    attempt: str = "n-1-1",
    params: tuple[str, ...] = VNPT_RESOLVED,
    template: str = "700104",
) -> Letter:
    wording = Wording(template_version=1, vnpt_template_id=template, vnpt_params=params)
    return Letter(attempt, NoticeKind.RESOLVED, Contact(phone, NoticeChannel.SMS), wording)


def question(attempt: str = "n-1-1") -> Question:
    return Question(attempt, "", now())


async def test_a_template_and_its_parameters_are_taken_under_the_attempt_s_id(
    gateways: Gateways, adapter: Vnpt
) -> None:
    assert await adapter.send(letter()) == Result(Verdict.TAKEN, "0")
    [message] = await gateways.messages()
    assert (message["request_id"], message["template_id"], message["phone"]) == ("n-1-1", "700104", PHONE)
    assert message["text"].endswith("da co ket qua. Moi nhan tai Bo phan Mot cua H29.16.")


async def test_an_attempt_s_id_of_48_characters_goes_whole(gateways: Gateways, adapter: Vnpt) -> None:
    attempt = f"n-{new_id()}-12".ljust(48, "7")
    assert (await adapter.send(letter(attempt=attempt))).verdict is Verdict.TAKEN
    assert [message["request_id"] for message in await gateways.messages()] == [attempt]


async def test_what_xml_would_stumble_over_is_written_otherwise(gateways: Gateways, adapter: Vnpt) -> None:
    assert (await adapter.send(letter(params=("H29 <1>", "A & B \"C\" 'D'")))).verdict is Verdict.TAKEN
    [message] = await gateways.messages()
    assert "Ho so H29 (1) da" in message["text"]
    assert "A va B C D" in message["text"]


async def test_accented_parameters_say_so_and_reach_vinaphone_s_subscribers_only(
    gateways: Gateways, adapter: Vnpt
) -> None:
    params = ("H29.16-261122-0001", "Bộ phận Một cửa")
    assert (await adapter.send(letter(params=params))).verdict is Verdict.TAKEN
    assert await adapter.send(letter(VIETTEL, "n-2-1", params)) == Result(Verdict.ELSEWHERE, "25")
    assert (await adapter.send(letter(VIETTEL, "n-3-1"))).verdict is Verdict.TAKEN


async def test_a_kind_without_a_template_is_not_even_called(gateways: Gateways, adapter: Vnpt) -> None:
    assert await adapter.send(letter(template="")) == Result(Verdict.TEMPLATE, "no-template")
    stats = (await gateways.http.get("/control/stats")).json()["vnpt"]
    assert (stats["accepted"], stats["refused"]) == (0, {})


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("-1", Verdict.TRANSIENT),
        ("1", Verdict.CONFIGURATION),
        ("7", Verdict.TEMPLATE),
        ("8", Verdict.NIGHT),
        ("11", Verdict.PAYLOAD),
        ("16", Verdict.THROTTLED),
        ("20", Verdict.BILLING),
        ("23", Verdict.RECIPIENT),
        ("25", Verdict.ELSEWHERE),
        ("26", Verdict.ELSEWHERE),
        ("32", Verdict.TEMPLATE),
        ("33", Verdict.ALREADY_TAKEN),
        ("4711", Verdict.NO_ANSWER),
    ],
)
async def test_each_class_of_refusal_has_its_verdict(
    gateways: Gateways, adapter: Vnpt, code: str, verdict: Verdict
) -> None:
    await gateways.faults(refuse_with={"vnpt": code})
    assert await adapter.send(letter()) == Result(verdict, code)
    assert await gateways.messages() == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"api_pass": SecretStr("x")}, "1"),
        ({"username": "x"}, "10"),
        ({"contract_id": "x"}, "13"),
        ({"label_id": "x"}, "14"),
        ({"agent_id": "x"}, "15"),
    ],
)
async def test_a_wrong_account_stops_the_gateway(gateways: Gateways, change: dict[str, Any], code: str) -> None:
    async with open_adapter(gateways, **change) as adapter:
        assert await adapter.send(letter()) == Result(Verdict.CONFIGURATION, code)


async def test_the_same_attempt_again_is_no_second_text(gateways: Gateways, adapter: Vnpt) -> None:
    assert (await adapter.send(letter())).verdict is Verdict.TAKEN
    assert await adapter.send(letter()) == Result(Verdict.ALREADY_TAKEN, "33")
    assert len(await gateways.messages()) == 1


async def test_after_a_withheld_answer_it_is_asked_and_a_repeat_is_harmless(gateways: Gateways) -> None:
    await gateways.faults(timeout_after_accept=1.0)
    async with open_adapter(gateways, timeout_s=0.3) as adapter:
        assert await adapter.send(letter()) == Result(Verdict.NO_ANSWER, "timeout")
        await gateways.faults()
        assert (await adapter.ask(question())).fate in (Fate.ON_ITS_WAY, Fate.DELIVERED)
        assert (await adapter.send(letter())).verdict is Verdict.ALREADY_TAKEN
    assert len(await gateways.messages()) == 1


async def test_a_cut_connection_is_in_doubt(gateways: Gateways, adapter: Vnpt) -> None:
    assert (await adapter.send(letter("84599999804"))).verdict is Verdict.NO_ANSWER
    assert len(await gateways.messages()) == 1


async def test_after_a_502_it_says_that_it_has_nothing_and_the_repeat_is_the_first_text(
    gateways: Gateways, adapter: Vnpt
) -> None:
    await gateways.faults(http_502=1.0)
    assert await adapter.send(letter()) == Result(Verdict.NO_ANSWER, "http-502")
    await gateways.faults()
    assert (await adapter.ask(question())).fate is Fate.NOT_THERE
    assert (await adapter.send(letter())).verdict is Verdict.TAKEN
    assert len(await gateways.messages()) == 1


async def test_a_gateway_that_does_not_listen_took_nothing(gateways: Gateways) -> None:
    async with open_adapter(gateways, base_url="http://127.0.0.1:9") as adapter:
        assert (await adapter.send(letter())).verdict is Verdict.TRANSIENT
        assert (await adapter.ask(question())).fate is Fate.NO_ANSWER


async def test_its_states_are_told_in_the_words_of_every_gateway(gateways: Gateways, adapter: Vnpt) -> None:
    for attempt, phone in (("a", PHONE), ("b", "84599999810"), ("c", "84599999801")):
        assert (await adapter.send(letter(phone, attempt))).verdict is Verdict.TAKEN

    async def settled() -> bool:
        answers = [await adapter.ask(question(attempt)) for attempt in ("a", "b")]
        return [answer.fate for answer in answers] == [Fate.DELIVERED, Fate.NOT_DELIVERED]

    await eventually(settled)
    waiting = await adapter.ask(question("c"))
    assert (waiting.fate, waiting.gateway_code) == (Fate.ON_ITS_WAY, "4")


async def test_a_question_too_many_says_so(gateways: Gateways, adapter: Vnpt) -> None:
    await gateways.faults(throttle=1.0)
    answer = await adapter.ask(question())
    assert (answer.fate, answer.gateway_code) == (Fate.NO_ANSWER, "16")


async def test_a_stranger_s_question_is_not_answered(gateways: Gateways) -> None:
    async with open_adapter(gateways, api_pass=SecretStr("x")) as adapter:
        assert (await adapter.ask(question())).fate is Fate.NO_ANSWER


# --- days ------------------------------------------------------------------------------------------------------------

BEFORE_MIDNIGHT = datetime(2026, 3, 2, 16, 59, 58, tzinfo=UTC)
FIRST, SECOND = "02/03/2026", "03/03/2026"


class DayByDay(httpx.AsyncHTTPTransport):
    """Before the simulator, which looks at no days: a text is found under the day on which it was taken only."""

    def __init__(self, day: str) -> None:
        super().__init__()
        self.day, self.asked = day, list[str]()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        fields = orjson.loads(request.content)["RQST"]
        if fields["name"] == "get_sms_status_api":
            self.asked.append(fields["SENDTIME"])
            if fields["SENDTIME"] != self.day:
                return httpx.Response(200, json={"RPLY": {"ERROR": "0", "STATUS": "-1", "MT_COUNT": "0"}})
        return await super().handle_async_request(request)


@asynccontextmanager
async def asked_on(
    gateways: Gateways, taken_on: str, later: timedelta
) -> AsyncIterator[tuple[Vnpt, Question, DayByDay]]:
    """A text first called for just before midnight, and an adapter that asks so much later."""
    async with open_adapter(gateways) as known:
        assert (await known.send(letter())).verdict is Verdict.TAKEN
        await arrived(gateways, 1)
        days = DayByDay(taken_on)
        async with httpx.AsyncClient(transport=days) as client:
            one = Vnpt(Transport(client, 2.0), known.account, now=lambda: BEFORE_MIDNIGHT + later)
            yield one, Question("n-1-1", "", BEFORE_MIDNIGHT), days


@pytest.mark.parametrize("later", [timedelta(seconds=30), timedelta(hours=23), timedelta(days=2)])
async def test_a_call_or_repeat_beyond_midnight_is_found_under_the_next_day(
    gateways: Gateways, later: timedelta
) -> None:
    async with asked_on(gateways, SECOND, later) as (adapter, question, days):
        assert (await adapter.ask(question)).fate is Fate.DELIVERED
        assert days.asked == [FIRST, SECOND]


@pytest.mark.parametrize("later", [timedelta(seconds=1), timedelta(days=2)])
async def test_what_is_found_under_its_day_is_asked_for_once(gateways: Gateways, later: timedelta) -> None:
    async with asked_on(gateways, FIRST, later) as (adapter, question, days):
        assert (await adapter.ask(question)).fate is Fate.DELIVERED
        assert days.asked == [FIRST]


@pytest.mark.parametrize(("later", "asked"), [(timedelta(seconds=1), [FIRST]), (timedelta(days=2), [FIRST, SECOND])])
async def test_it_is_not_there_when_no_day_that_was_knows_it(
    gateways: Gateways, later: timedelta, asked: list[str]
) -> None:
    async with asked_on(gateways, "09/03/2026", later) as (adapter, question, days):
        assert (await adapter.ask(question)).fate is Fate.NOT_THERE
        assert days.asked == asked


async def test_it_is_not_said_to_be_missing_while_the_next_day_has_no_answer(gateways: Gateways) -> None:
    async with asked_on(gateways, SECOND, timedelta(minutes=1)) as (adapter, question, days):
        await gateways.faults(throttle=1.0)
        assert await adapter.ask(question) == Answer(Fate.NO_ANSWER, "16")
        assert days.asked == [FIRST, SECOND]


# --- the loop that asks ----------------------------------------------------------------------------------------------


@pytest.fixture
async def ready(mongo: Mongo) -> Mongo:
    await schema.ensure(mongo, STORES, MORE)
    return mongo


@pytest.fixture
async def lease(ready: Mongo) -> Lease:
    lease = Lease(ready, "worker", ttl_s=600)
    assert await lease.hold()
    return lease


async def sent(
    mongo: Mongo, adapter: Vnpt, phone: str = PHONE, age: timedelta = timedelta(0), **changes: Any
) -> Notice:
    """A notice that VNPT has taken."""
    id, at = f"n-{new_id()}", now() - age
    values: dict[str, Any] = {"provider": "vnpt", "result": "taken", "gateway_code": "0"} | changes
    attempt = Attempt(f"{id}-1", 1, NoticeChannel.SMS, at=at, called_at=at, **values)
    notice = Notice(
        id=id, code="H99.01-260302-0007", kind=NoticeKind.RESOLVED, event_id=new_id(), correlation_id="c",
        happened_at=at, created_at=at, expires_at=at + timedelta(hours=72), next_at=at + timedelta(hours=72),
        counter="H99.01", state=State.SENT, channel=NoticeChannel.SMS, made=1, attempts=(attempt,),
    )  # fmt: skip
    if attempt.provider == "vnpt":
        assert (await adapter.send(letter(phone, attempt.id))).verdict is Verdict.TAKEN
    await mongo.collection(NOTICES.collection).insert_one({"_id": id, "_v": 1, "_n": 0} | NOTICES.to_document(notice))
    return notice


async def stored(mongo: Mongo) -> dict[str, bool]:
    return {document["ref"]: document["delivered"] async for document in mongo.collection(RECEIPTS).find({})}


def make_poll(mongo: Mongo, adapter: Vnpt, lease: Lease) -> VnptPoll:
    return VnptPoll(mongo, ReceiptBox(mongo), adapter, lease, now, every_s=0.05)


async def arrived(gateways: Gateways, count: int) -> None:
    async def all_arrived() -> bool:
        return sum(message["outcome"] in ("delivered", "failed") for message in await gateways.messages()) == count

    await eventually(all_arrived)


async def test_what_is_final_becomes_a_receipt_and_the_rest_waits(
    gateways: Gateways, adapter: Vnpt, ready: Mongo, lease: Lease
) -> None:
    good, bad = await sent(ready, adapter), await sent(ready, adapter, "84599999810")
    await sent(ready, adapter, "84599999801")
    await arrived(gateways, 2)
    poll = make_poll(ready, adapter, lease)
    for _ in range(2):
        assert not await poll.once()
    assert await stored(ready) == {f"{good.id}-1": True, f"{bad.id}-1": False}
    [document] = [d async for d in ready.collection(RECEIPTS).find({"delivered": True})]
    assert document["_id"] == f"vnpt|delivered|{good.id}-1"
    assert PHONE[2:] not in str(document)


async def test_the_receipts_loop_applies_what_was_stored(
    gateways: Gateways, adapter: Vnpt, ready: Mongo, lease: Lease
) -> None:
    notice = await sent(ready, adapter)
    await arrived(gateways, 1)
    poll, stop = make_poll(ready, adapter, lease), asyncio.Event()
    receipts = ReceiptLoop(ready, Committer(ready, SOURCE, now), lease, now, timedelta(days=1))
    loops = [asyncio.create_task(loop.run(stop)) for loop in (poll, receipts)]

    async def delivered() -> bool:
        found = await NOTICES.read(ready, notice.id)
        return found is not None and found.state is State.DELIVERED

    await eventually(delivered)
    stop.set()
    await asyncio.gather(*loops)
    assert not await ready.collection(NOTICES.collection).count_documents({"tokens": "poll:vnpt"})


async def test_neither_other_gateways_nor_texts_with_a_receipt_are_asked_about(
    gateways: Gateways, adapter: Vnpt, ready: Mongo, lease: Lease
) -> None:
    await sent(ready, adapter, provider="esms")
    await sent(ready, adapter, delivered_at=now())
    await arrived(gateways, 1)
    await gateways.faults(throttle=1.0)
    poll = make_poll(ready, adapter, lease)
    await poll.once()
    assert (await gateways.http.get("/control/stats")).json()["vnpt"]["refused"] == {}
    assert await stored(ready) == {}


async def test_a_lap_gives_everyone_a_turn_the_oldest_first(
    gateways: Gateways, adapter: Vnpt, ready: Mongo, lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vnpt_poll, "BATCH", 2)
    for minutes in (50, 40, 30):
        await sent(ready, adapter, "84599999801", timedelta(minutes=minutes))
    young = await sent(ready, adapter, age=timedelta(minutes=10))
    old = await sent(ready, adapter, age=timedelta(minutes=20))
    await arrived(gateways, 2)
    poll = make_poll(ready, adapter, lease)
    seen = []
    for _ in range(3):
        more = await poll.once()
        seen.append((more, set(await stored(ready))))
    assert seen == [
        (True, set()),
        (True, {f"{old.id}-1"}),
        (False, {f"{old.id}-1", f"{young.id}-1"}),
    ]


async def test_a_gateway_that_finds_us_too_fast_is_asked_more_slowly_and_loses_nothing(
    gateways: Gateways, adapter: Vnpt, ready: Mongo, lease: Lease
) -> None:
    for _ in range(12):
        await sent(ready, adapter)
    await arrived(gateways, 12)
    poll = make_poll(ready, adapter, lease)
    await gateways.faults(throttle=1.0)
    for expected in (4, 2, 1, 1):
        assert not await poll.once()
        assert poll._at_once == expected
    assert await stored(ready) == {}
    await gateways.faults(throttle=0.3)

    async def all_stored() -> bool:
        await poll.once()
        return len(await stored(ready)) == 12

    await eventually(all_stored)
    await gateways.faults()
    await poll.once()
    assert poll._at_once > 1


async def test_a_gateway_that_is_away_ends_the_round_and_nobody_is_left_out_for_it(
    gateways: Gateways, adapter: Vnpt, ready: Mongo, lease: Lease
) -> None:
    for _ in range(20):
        await sent(ready, adapter)
    await arrived(gateways, 20)
    await gateways.faults(http_502=1.0)
    poll = make_poll(ready, adapter, lease)
    assert not await poll.once()
    refused = (await gateways.http.get("/control/stats")).json()["vnpt"]["refused"]
    assert refused == {"502": vnpt_poll.MOST_AT_ONCE}
    await gateways.faults()

    async def all_stored() -> bool:
        await poll.once()
        return len(await stored(ready)) == 20

    await eventually(all_stored)


@dataclass(frozen=True)
class Counted(Vnpt):
    """Writes down what it is asked."""

    asked: list[str] = field(default_factory=list)

    async def ask(self, question: Question) -> Answer:
        self.asked.append(question.attempt_id)
        return await super().ask(question)


async def test_old_texts_are_asked_about_in_every_tenth_lap(
    gateways: Gateways, adapter: Vnpt, ready: Mongo, lease: Lease
) -> None:
    old = await sent(ready, adapter, "84599999801", timedelta(hours=2))
    young = await sent(ready, adapter, "84599999801")
    counted = Counted(adapter.transport, adapter.account)
    poll = make_poll(ready, counted, lease)
    for _ in range(11):
        assert not await poll.once()
    assert counted.asked.count(f"{young.id}-1") == 11
    assert counted.asked.count(f"{old.id}-1") == 2


async def test_who_does_not_lead_asks_nothing(gateways: Gateways, adapter: Vnpt, ready: Mongo, lease: Lease) -> None:
    await sent(ready, adapter)
    await arrived(gateways, 1)
    other, stop = Lease(ready, "worker", ttl_s=600), asyncio.Event()
    assert not await other.hold()
    idle, busy = Counted(adapter.transport, adapter.account), Counted(adapter.transport, adapter.account)
    polls = (make_poll(ready, idle, other), make_poll(ready, busy, lease))
    tasks = [asyncio.create_task(poll.run(stop)) for poll in polls]

    async def one_stored() -> bool:
        return len(await stored(ready)) == 1

    await eventually(one_stored)
    stop.set()
    await asyncio.gather(*tasks)
    assert idle.asked == []
