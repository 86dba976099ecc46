"""Citizens at a steady rate, at all counters; each clerk repeats with the same key until there is a receipt.

An open load: citizens come whether or not the system answers. Those who wait for a free clerk are a number, not
objects, so that an outage of an hour costs the driver nothing but the codes on the receipts.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import httpx

from local.chaos.figures import Loaded
from local.samples.load import handed_in_by_code, read_samples

AT_ONCE = 64
"""Clerks who wait for an answer at the same time."""
TICK_S = 0.02
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0
ANSWER_WITHIN_S = 15.0
"""Then the clerk sends the registration again: a stopped process answers nothing at all."""
FIRST_PHONE = 901_000_000
"""Fictitious. Each citizen has a phone of its own, so what a phone shows can be counted."""
ONE_STOP, ANYWHERE, INTERLINKED = "2.001044", "2.000815", "2.001273"
DISTRICT = "H12.970.00"
TRY_AGAIN = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Citizen:
    """Number `number` of the day, with what they want where."""

    number: int
    counter: str
    procedure: str
    told: bool
    """Wants to hear of it on the phone."""

    @property
    def phone(self) -> str:
        return f"0{FIRST_PHONE + self.number}"

    @property
    def applicant(self) -> dict[str, Any]:
        who: dict[str, Any] = {
            "full_name": f"Người nộp hồ sơ {self.number}",
            "id_number": f"096{300_000_000 + self.number}",
        }
        return who | ({"phone": self.phone} if self.told else {"notify_by": "none"})

    @property
    def reference(self) -> str:
        return f"chaos-{self.number:07d}"


class Door(Protocol):
    """A way in."""

    async def register(self, citizen: Citizen) -> str:
        """Until there is a receipt. Returns: the code on it. Raises: NotTaken."""
        ...


class NotTaken(Exception):
    """An answer that no repeat changes."""

    def __init__(self, slug: str) -> None:
        super().__init__(slug)
        self.slug = slug


@dataclass
class Desk:
    """The counters' HTTP door."""

    http: httpx.AsyncClient
    repeats: int = 0

    async def register(self, citizen: Citizen) -> str:
        body = {
            "counter": citizen.counter,
            "procedure_code": citizen.procedure,
            "applicant": citizen.applicant,
            "checklist": handed_in_by_code(citizen.procedure),
            "external_ref": citizen.reference,
        }
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                answer = await self.http.post(
                    "/v1/dossiers", json=body, headers={"Idempotency-Key": citizen.reference}, timeout=ANSWER_WITHIN_S
                )
            except httpx.TransportError:
                pass
            else:
                if answer.status_code == 201:
                    code: str = answer.json()["code"]
                    return code
                if answer.status_code not in TRY_AGAIN:
                    raise NotTaken(_slug(answer))
            self.repeats += 1
            await asyncio.sleep(pause_s)
            pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)


def _slug(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["slug"])
    except (ValueError, KeyError, TypeError):
        return str(answer.status_code)


@dataclass
class Crowd:
    """Everybody who comes, until told to stop."""

    door: Door
    rate: float
    told: float = 1.0
    """Share of the citizens who want to be told."""
    software: Door | None = None
    """The door of counters with software of their own; None: nobody uses it."""
    software_every: int = 7
    varied: bool = True
    """Some of the dossiers pass several agencies; else all are of one simple procedure."""
    begun: int = 0
    longest_line: int = 0
    """Most people who waited for a free clerk at the same time."""
    codes: set[str] = field(default_factory=set)
    """On receipts."""
    twice: list[str] = field(default_factory=list)
    """Codes that two citizens have on their receipts."""
    refused: Counter[str] = field(default_factory=Counter)
    _counters: tuple[str, ...] = field(default_factory=lambda: read_samples().counter_codes)
    _clerks: set[asyncio.Task[None]] = field(default_factory=set)
    _opened: float = 0.0
    _served_s: float = 0.0
    _beside: int = 0
    """How many came beside the rate."""

    async def come(self, stop: asyncio.Event) -> None:
        """Until `stop`; whoever has come by then is served."""
        self._opened = time.monotonic()
        try:
            while not stop.is_set():
                self._serve_those(self._come())
                await asyncio.sleep(TICK_S)
            come = self._come()
            while self._clerks or self.begun < come:
                self._serve_those(come)
                await asyncio.sleep(TICK_S)
            self._served_s = time.monotonic() - self._opened
        finally:
            for clerk in self._clerks:
                clerk.cancel()

    async def one(self, place: tuple[str, str] | None = None) -> tuple[Citizen, str]:
        """Somebody beside the rate, who wants to be told.

        Args:
            place: which counter, and with which procedure; else as it comes.

        Returns: who, and the code. Raises: NotTaken.
        """
        self._beside += 1
        citizen = self._next(told=True)
        if place is not None:
            citizen = replace(citizen, counter=place[0], procedure=place[1])
        code = await self.door.register(citizen)
        self._note(code)
        return citizen, code

    @property
    def answered(self) -> int:
        return len(self.codes) + len(self.twice)

    def loaded(self, repeats: int) -> Loaded:
        """What it has come to so far."""
        seconds = self._served_s or time.monotonic() - self._opened
        return Loaded(self.rate, seconds, self.answered, repeats, self.longest_line, dict(self.refused))

    def _come(self) -> int:
        """How many have come so far."""
        return int((time.monotonic() - self._opened) * self.rate) + 1 + self._beside

    def _serve_those(self, come: int) -> None:
        while self.begun < come and len(self._clerks) < AT_ONCE:
            self._begin(self._next())
        self.longest_line = max(self.longest_line, come - self.begun)

    def _next(self, *, told: bool = False) -> Citizen:
        self.begun += 1
        number = self.begun
        counter = self._counters[number % len(self._counters)]
        procedure = ANYWHERE
        if self.varied and number % 3 == 0:
            counter, procedure = DISTRICT, INTERLINKED if number % 9 == 0 else ONE_STOP
        return Citizen(number, counter, procedure, told or int(number * self.told) > int((number - 1) * self.told))

    def _begin(self, citizen: Citizen) -> None:
        by_software = self.software is not None and citizen.number % self.software_every == 0
        door = self.software if by_software and self.software is not None else self.door
        clerk = asyncio.create_task(self._serve(citizen, door))
        self._clerks.add(clerk)
        clerk.add_done_callback(self._clerks.discard)

    async def _serve(self, citizen: Citizen, door: Door) -> None:
        try:
            self._note(await door.register(citizen))
        except NotTaken as error:
            self.refused[error.slug] += 1

    def _note(self, code: str) -> None:
        if code in self.codes:
            self.twice.append(code)
        self.codes.add(code)
