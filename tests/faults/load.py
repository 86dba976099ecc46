"""A small crowd at the counters, and what must be true of it afterwards."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx

from local.samples.load import handed_in_by_code
from services.kit.ids import new_id
from tests.journeys.town import DESK, ONE_STOP, Citizen, Town

AT_ONCE = 8


async def crowd(town: Town, number: int, *, patience: int = 1, pace_s: float = 0.0) -> dict[str, Citizen]:
    """So many citizens register, some at the same time. Returns: who has which code.

    Args:
        patience: how often a clerk sends a registration, with the same key, until it is answered 201.
        pace_s: a clerk's pause after each citizen.
    """
    clerks = asyncio.Semaphore(AT_ONCE)
    codes: dict[str, Citizen] = {}

    async def one(citizen: Citizen) -> None:
        async with clerks:
            codes[await registered(town, citizen, patience)] = citizen
            await asyncio.sleep(pace_s)

    await asyncio.gather(*(one(town.person(zalo=n % 6 > 0)) for n in range(number)))
    assert len(codes) == number
    return codes


async def registered(town: Town, citizen: Citizen, patience: int) -> str:
    key = {"Idempotency-Key": new_id()}
    applicant = {"full_name": citizen.name, "id_number": citizen.id_number, "phone": citizen.phone}
    body = {
        "counter": DESK,
        "procedure_code": ONE_STOP,
        "applicant": applicant,
        "checklist": handed_in_by_code(ONE_STOP),
    }
    said = ""
    for attempt in range(patience):
        try:
            answer = await town.counter.post("/v1/dossiers", json=body, headers=key)
        except httpx.TransportError as error:
            said = type(error).__name__
        else:
            if answer.status_code == 201:
                code: str = answer.json()["code"]
                return code
            said = answer.text
            assert answer.status_code == 503, said
        await asyncio.sleep(min(2.0, 0.1 * 2**attempt))
    raise AssertionError(f"not registered after {patience} tries: {said}")


async def finish_all(town: Town, codes: dict[str, Citizen]) -> None:
    """The agencies work, the counter hands over, all through the ordinary doors."""
    hands = asyncio.Semaphore(AT_ONCE)

    async def one(code: str) -> None:
        async with hands:
            await town.finish(code)
        # Handed over sooner, the news that it is ready would rightly not be sent any more.
        await town.notice_ends(code, "resolved")
        await town.hand_over(code)

    await asyncio.gather(*(one(code) for code in codes))


async def each_told_once(town: Town, codes: dict[str, Citizen], kinds: int) -> None:
    """Every phone shows every kind of message exactly once."""
    page = (await town.phones.get("/control/messages", params={"limit": 5000})).json()
    assert not page["more"]
    shown: Counter[str] = Counter()
    for message in page["messages"]:
        if message["delivered_at"]:
            shown["0" + message["phone"][2:]] += 1
    assert {shown[citizen.phone] for citizen in codes.values()} == {kinds}
