"""The people of the stories: a clerk, officers, a citizen with a telephone, an operator; all over the real doors."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from contracts.events import Message
from local.demo.partners import record
from local.samples.load import handed_in_by_code
from local.stack import Stack
from motcua.check import Report, Sources, check
from motcua.install import SERVICES
from services.kit.ids import new_id
from services.kit.kafka import Producer, Record, follow
from services.kit.settings import KafkaSettings
from services.notify.templates.defaults import default_template_ids
from tests.eventually import eventually

DESK, COMMUNE_DESK = "H12.970.00", "H12.970.155.00"
DISTRICT, JUSTICE, COMMUNE, MILITARY = "H12.970", "H12.970.02", "H12.970.155", "H12.970.26"
PROVINCE_LABOUR = "H12.202"
_LOOKS = itertools.count()
ONE_STOP = "2.001044"
"""Phòng Tư pháp, 2 working days."""
INTERLINKED = "2.001273"
"""Commune, military command of the district, department of the province; 40 working days."""
KIND_OF_TEMPLATE = {template: kind.value for kind, template in default_template_ids().items()}
FINAL = {"delivered", "undeliverable", "failed", "expired", "cancelled"}

PATIENCE_S = 120.0
"""Longer than what a process that was killed in the middle of a transaction can hold: 60 s, see docs/guarantees.md."""


@dataclass
class Citizen:
    """A fictitious person."""

    name: str
    id_number: str
    phone: str

    def as_applicant(self) -> dict[str, Any]:
        return {"full_name": self.name, "id_number": self.id_number, "phone": self.phone}


async def _from_elsewhere(request: httpx.Request) -> None:
    """Each request comes from another address, as a limit holds for each: the limits are for strangers who guess."""
    look = next(_LOOKS)
    request.headers.setdefault("X-Forwarded-For", f"10.1.{look >> 8 & 255}.{look & 255}")


@dataclass
class Town:
    """One running installation and the clients of everybody in it."""

    stack: Stack
    counter: httpx.AsyncClient
    agency: httpx.AsyncClient
    notices: httpx.AsyncClient
    citizen: httpx.AsyncClient
    operator: httpx.AsyncClient
    """At routing."""
    phones: httpx.AsyncClient
    producer: Producer
    people: list[Citizen] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def person(self, phone: str | None = None, *, zalo: bool = True) -> Citizen:
        """Somebody new; the last three digits of the phone decide whether it has Zalo (every eighth has none)."""
        number = next(self._numbers)
        digits = 8 * number + (1 if zalo else 0)
        person = Citizen(
            f"Người Kể Chuyện {number}",
            f"096{190_000_000 + number}",
            phone or f"09012{digits // 1000:02d}{digits % 1000:03d}",
        )
        self.people.append(person)
        return person

    async def register(
        self,
        who: Citizen,
        procedure: str = ONE_STOP,
        counter: str = DESK,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """At the counter, with all papers. Returns: the receipt."""
        body = {
            "counter": counter,
            "procedure_code": procedure,
            "checklist": handed_in_by_code(procedure),
            "applicant": who.as_applicant(),
            **more,
        }
        answer = await self.counter.post(
            "/v1/dossiers", json=body, headers={"Idempotency-Key": new_id(), **(headers or {})}
        )
        assert answer.status_code == 201, answer.text
        receipt: dict[str, Any] = answer.json()
        return receipt

    async def act(self, code: str, action: str, agency: str, step: int = 1, **more: Any) -> httpx.Response:
        """An officer of an agency, over HTTP. Headers may be given as `headers`."""
        headers = more.pop("headers", None)
        body = {"agency": agency, "step": step, **more}
        return await self.agency.post(f"/v1/cases/{code}/{action}", json=body, headers=headers)

    async def did(self, code: str, action: str, agency: str, step: int = 1, **more: Any) -> dict[str, Any]:
        answer = await self.act(code, action, agency, step, **more)
        assert answer.status_code == 200, answer.text
        case: dict[str, Any] = answer.json()
        return case

    async def case(self, code: str) -> dict[str, Any]:
        """The case, once routing has it."""

        async def found() -> dict[str, Any] | None:
            answer = await self.agency.get(f"/v1/cases/{code}")
            return answer.json() if answer.status_code == 200 else None

        return await eventually(found, timeout=PATIENCE_S)

    async def offered_to(self, agency: str, code: str) -> dict[str, Any]:
        """The case, once it lies in that agency's inbox."""

        async def there() -> dict[str, Any] | None:
            query = {"box": "to-accept", "limit": 500}
            page = (await self.agency.get(f"/v1/agencies/{agency}/inbox", params=query)).json()
            return next((found for found in page["transfers"] if found["code"] == code), None)

        await eventually(there, timeout=PATIENCE_S)
        return await self.case(code)

    async def finish(self, code: str) -> None:
        """Every agency accepts and completes its step, until the dossier is resolved."""
        while (case := await self.case(code))["state"] == "open":
            for step in (case["steps"][number - 1] for number in case["active"]):
                for action in ("accept", "complete"):
                    await self.did(code, action, step["agency"], step["step"])

    async def at_counter(self, code: str, status: str, timeout: float = PATIENCE_S) -> dict[str, Any]:
        """The dossier as the counter sees it, once it has that status."""

        async def found() -> dict[str, Any] | None:
            shown: dict[str, Any] = (await self.counter.get(f"/v1/dossiers/{code}")).json()
            assert shown["status"] == status, shown["status"]
            return shown

        return await eventually(found, timeout=timeout)

    async def at_desk(self, code: str, action: str, **body: Any) -> dict[str, Any]:
        """A clerk does something with a dossier."""
        answer = await self.counter.post(f"/v1/dossiers/{code}/{action}", json=body)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def hand_over(self, code: str) -> None:
        await self.at_counter(code, "resolved")
        await self.at_desk(code, "hand-over")

    async def messages(self, who: Citizen) -> list[dict[str, Any]]:
        """What the networks took for the phone, oldest first."""
        found: list[dict[str, Any]] = []
        after = 0
        while True:
            page = (await self.phones.get("/control/messages", params={"phone": who.phone, "after": after})).json()
            found += page["messages"]
            after = page["next"]
            if not page["more"]:
                return found

    async def told(self, who: Citizen, kind: str, code: str) -> dict[str, Any]:
        """The Zalo message of that kind, once it is on the screen."""

        async def on_screen() -> dict[str, Any] | None:
            for message in await self.messages(who):
                data = message["template_data"] or {}
                if KIND_OF_TEMPLATE.get(message["template_id"]) == kind and data.get("dossier_code") == code:
                    return message if message["delivered_at"] else None
            return None

        return await eventually(on_screen, timeout=PATIENCE_S)

    async def texted(self, who: Citizen, pattern: str) -> str:
        """What the last text on the phone says where the pattern has its group, once it is on the screen."""

        async def on_screen() -> str | None:
            found = [re.search(pattern, m["text"]) for m in await self.messages(who) if m["delivered_at"]]
            return next((match[1] for match in reversed(found) if match), None)

        return await eventually(on_screen, timeout=PATIENCE_S)

    async def by_kind(self, who: Citizen) -> Counter[str]:
        """How many messages of each kind the phone shows; texts are `sms`."""
        shown = [m for m in await self.messages(who) if m["delivered_at"]]
        return Counter(KIND_OF_TEMPLATE.get(m["template_id"], "sms") for m in shown)

    async def notices_of(self, code: str) -> list[dict[str, Any]]:
        answer = await self.notices.get(f"/v1/dossiers/{code}/notices")
        return answer.json()["notices"] if answer.status_code == 200 else []

    async def notice_ends(self, code: str, kind: str, timeout: float = PATIENCE_S) -> dict[str, Any]:
        """The notice of that kind, once it has come to its end."""

        async def ended() -> dict[str, Any] | None:
            notices = await self.notices_of(code)
            return next((n for n in notices if n["kind"] == kind and n["state"] in FINAL), None)

        return await eventually(ended, timeout=timeout)

    async def informed(self, code: str, who: Citizen, number: int) -> list[dict[str, Any]]:
        """What the public page says the citizen was told, once it names so many deliveries."""

        async def there() -> list[dict[str, Any]]:
            told: list[dict[str, Any]] = (await self.track(code, who))["informed"]
            assert sum(line["delivered"] for line in told) >= number, told
            return told

        return await eventually(there, timeout=PATIENCE_S)

    async def track(self, code: str, who: Citizen) -> dict[str, Any]:
        answer = await self.citizen.get(f"/v1/track/{code}", params={"phone_last4": who.phone[-4:]})
        assert answer.status_code == 200, answer.text
        story: dict[str, Any] = answer.json()
        return story

    async def send(self, topic: str, key: str, message: Message) -> None:
        """As a partner's own software does, on Kafka."""
        await self.put(record(topic, key, "/partner", message, self.stack.clock.now))

    async def put(self, *records: Mapping[str, Any]) -> None:
        results = await self.producer.publish(records)
        assert results == [None] * len(records)

    async def read_until(
        self, topics: Sequence[str], wanted: int, matches: Any, timeout: float = PATIENCE_S
    ) -> list[Record]:
        """Follow topics from their beginning until so many records match."""
        found: list[Record] = []

        async def read() -> None:
            async for one in follow(self.stack.endpoints.kafka_bootstrap, topics):
                if matches(one):
                    found.append(one)
                if len(found) >= wanted:
                    return

        try:
            await asyncio.wait_for(read(), timeout)
        except TimeoutError:
            raise AssertionError(f"{len(found)} of {wanted} records after {timeout} s") from None
        return found

    async def compare(self) -> Report:
        """The checker, on a system at rest: nothing is given time."""
        databases = {service: self.stack.mongo(service) for service in SERVICES}
        sources = Sources(databases, self.stack.endpoints.kafka_bootstrap, self.stack.addresses.simulators)
        report = await check(sources, self.stack.clock.now(), grace=timedelta(0))
        for mongo in databases.values():
            await mongo.close()
        return report

    async def at_rest(self, timeout: float = PATIENCE_S) -> None:
        """Nothing waits in an outbox or behind a parked key, and every notice has come to its end."""

        async def quiet() -> bool:
            for service in SERVICES:
                mongo = self.stack.mongo(service)
                waiting = await mongo.collection("outbox").count_documents({"pending": True})
                parked = await mongo.collection("parked_keys").count_documents({})
                open_notices = await mongo.collection("notices").count_documents({"state": {"$nin": sorted(FINAL)}})
                await mongo.close()
                assert waiting + parked + open_notices == 0, (service, waiting, parked, open_notices)
            return True

        await eventually(quiet, timeout=timeout, every=0.5)

    async def nothing_lost(self, timeout: float = PATIENCE_S) -> Report:
        """Wait for rest, then every rule of the checker must hold."""
        await self.at_rest(timeout)

        async def clean() -> Report:
            report = await self.compare()
            assert report.clean, report.findings[:10]
            return report

        report = await eventually(clean, timeout=timeout, every=0.5)
        await self.at_rest(timeout)  # what the checker waited for may have made notices meanwhile
        return report


@asynccontextmanager
async def people_of(
    stack: Stack, transport: Callable[[], httpx.AsyncBaseTransport | None] = lambda: None
) -> AsyncIterator[Town]:
    """Clients for everybody, with the installation's own keys.

    Args:
        transport: makes what carries a client's requests; None: as usual.
    """
    found, identity = stack.addresses, stack.identity

    def client(url: str, key: str | None, *hooks: Any) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.AsyncClient(
            base_url=url, headers=headers, timeout=30, event_hooks={"request": list(hooks)}, transport=transport()
        )

    kafka = KafkaSettings(bootstrap=stack.endpoints.kafka_bootstrap, idempotence=stack.endpoints.kafka_idempotence)
    producer = Producer(kafka, "partner")
    await producer.start()
    async with (
        client(found.intake, identity.counters_key) as counter,
        client(found.routing, identity.agencies_key) as agency,
        client(found.notify, identity.counters_key) as notices,
        client(found.intake, None, _from_elsewhere) as citizen,
        client(found.routing, identity.operator_key) as operator,
        client(found.simulators, None) as phones,
    ):
        yield Town(stack, counter, agency, notices, citizen, operator, phones, producer)
    await producer.stop()
