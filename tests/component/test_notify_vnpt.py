"""VNPT behind its adapter, against the running simulator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from pydantic import SecretStr

from local.simulators.rig import Gateways
from services.kit.ids import new_id
from services.notify.channels import Question
from services.notify.channels.transport import Transport
from services.notify.channels.vnpt import Vnpt
from services.notify.domain.results import Answer, Fate, Result, Verdict
from tests.component.simulator_fixtures import gateways as gateways
from tests.component.simulator_fixtures import running as running
from tests.component.vnpt_fixtures import PHONE, VIETTEL, arrived, letter, open_adapter, question
from tests.component.vnpt_fixtures import adapter as adapter
from tests.eventually import eventually


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
