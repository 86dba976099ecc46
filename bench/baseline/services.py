"""The three services as one would write them first: a subscriber for each event, one message at a time.

`python -m bench.baseline.services intake|routing|notify`. The events are the house's own; each subscriber gets one
topic, as a handler with a typed argument wants it. No outbox, no dedupe, FastStream's defaults: after a crash or a
repeated message this system loses, doubles and disagrees. It is the price of that safety which is measured.
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import orjson
from faststream import FastStream
from faststream.kafka import KafkaBroker
from motor.motor_asyncio import AsyncIOMotorClient

from contracts.events import agency, counter, intake, routing
from contracts.types import Channel, HandOverMethod, HandOverProof, Mechanism, Outcome, ReceivedBy, Timeliness
from services.kit.sealing import Opener, Sealer

AGENCY = "H12.970.02"
NAMES = ("register", "submitted", "transferred", "opened", "accept", "accepted", "complete", "completed", "resolved",
         "hand-over", "returned", "told")  # fmt: skip
PATIENCE = 2_000
TOPICS = tuple(f"naive.{name}" for name in NAMES)


def _now() -> datetime:
    return datetime.now(UTC)


class Naive:
    """What each of them has: a broker and a database."""

    def __init__(self, service: str) -> None:
        client: Any = AsyncIOMotorClient(os.environ["MONGODB_URL"], w="majority")
        self.db = client[f"bench_naive_{service}"]
        self.broker = KafkaBroker(os.environ["KAFKA_BOOTSTRAP"], acks="all")
        self.service = service

    def on(self, name: str) -> Any:
        return self.broker.subscriber(f"naive.{name}", group_id=f"naive-{self.service}", auto_offset_reset="earliest")

    async def tell(self, name: str, code: str, event: Any) -> None:
        await self.broker.publish(event, f"naive.{name}", key=code.encode())


def serve_intake(naive: Naive) -> None:
    opener, sealer = Opener(os.environ["INTAKE_PRIVATE_KEY"]), Sealer(os.environ["NOTIFY_PUBLIC_KEY"])
    dossiers = naive.db["dossiers"]

    @naive.on("register")
    async def register(command: counter.RegisterDossier) -> None:
        person = orjson.loads(opener.open(command.applicant))
        number = uuid4().int % 100_000_000
        code, at = f"{command.counter}-{_now():%y%m%d}-{number:08d}", _now()
        document = {"_id": code, **command.model_dump(mode="json"), "person": person, "status": "received"}
        await dossiers.insert_one(document)
        event = intake.DossierSubmitted(
            code=code, occurred_at=at, procedure_code=command.procedure_code, procedure_version=1,
            procedure_name="Thủ tục", mechanism=Mechanism.ONE_STOP, channel=Channel.COUNTER, counter=command.counter,
            received_at=at, due_at=at + timedelta(days=3),
            contact=sealer.seal(orjson.dumps({"phone": person["phone"], "channel": "sms"})),
            external_ref=command.external_ref,
        )  # fmt: skip
        await naive.tell("submitted", code, event)

    @naive.on("transferred")
    async def transferred(event: routing.DossierTransferred) -> None:
        change = {"$set": {"status": "in-process"}, "$push": {"timeline": event.model_dump(mode="json")}}
        await dossiers.update_one({"_id": event.code}, change)

    @naive.on("resolved")
    async def resolved(event: routing.DossierResolved) -> None:
        change = {"$set": {"status": "resolved"}, "$push": {"timeline": event.model_dump(mode="json")}}
        await dossiers.update_one({"_id": event.code}, change)
        # Whoever collects it here comes at once: one command less than the house has to take.
        await naive.tell("hand-over", event.code, counter.HandOverResult(counter="H12.970.00", code=event.code))

    @naive.on("hand-over")
    async def hand_over(command: counter.HandOverResult) -> None:
        await dossiers.update_one({"_id": command.code}, {"$set": {"status": "returned", "returned_at": _now()}})
        event = intake.DossierReturned(
            code=command.code, occurred_at=_now(), counter=command.counter, method=HandOverMethod.COUNTER,
            received_by=ReceivedBy.OWNER, proof=HandOverProof.SIGNATURE,
        )  # fmt: skip
        await naive.tell("returned", command.code, event)


def serve_routing(naive: Naive) -> None:
    cases, tallies = naive.db["cases"], naive.db["tallies"]

    @naive.on("submitted")
    async def submitted(event: intake.DossierSubmitted) -> None:
        await cases.insert_one({"_id": event.code, **event.model_dump(mode="json"), "state": "offered"})
        await tallies.update_one({"_id": event.procedure_code}, {"$inc": {"received": 1}}, upsert=True)
        step: dict[str, Any] = {"code": event.code, "occurred_at": _now(), "agency": AGENCY, "step": 1, "steps": 1,
                                "step_due_at": event.due_at, "due_at": event.due_at}  # fmt: skip
        await naive.tell("transferred", event.code, routing.DossierTransferred(**step))
        opened = routing.AgencyTransferOpened(**step, procedure_code=event.procedure_code)
        await naive.tell("opened", event.code, opened)

    @naive.on("opened")
    async def opened(event: routing.AgencyTransferOpened) -> None:
        """The agency's own software, which answers at once."""
        step: dict[str, Any] = {"code": event.code, "agency": AGENCY, "step": 1}
        await naive.tell("accept", event.code, agency.AcceptTransfer(**step))
        await naive.tell("complete", event.code, agency.CompleteStep(**step))

    @naive.on("accept")
    async def accept(command: agency.AcceptTransfer) -> None:
        await cases.update_one({"_id": command.code}, {"$set": {"state": "accepted", "accepted_at": _now()}})
        event = routing.DossierTransferAccepted(code=command.code, occurred_at=_now(), step=1, agency=AGENCY)
        await naive.tell("accepted", command.code, event)

    @naive.on("complete")
    async def complete(command: agency.CompleteStep) -> None:
        case = await cases.find_one({"_id": command.code})
        assert case is not None
        await cases.update_one({"_id": command.code}, {"$set": {"state": "resolved", "resolved_at": _now()}})
        await tallies.update_one({"_id": case["procedure_code"]}, {"$inc": {"early": 1}}, upsert=True)
        about: dict[str, Any] = {"code": command.code, "occurred_at": _now(), "agency": AGENCY}
        about |= {"outcome": Outcome.GRANTED, "timeliness": Timeliness.EARLY}
        done = routing.DossierStepCompleted(
            **about, step=1, step_due_at=case["due_at"], waited_minutes=0, worked_minutes=0
        )
        await naive.tell("completed", command.code, done)
        result = routing.DossierResolved(
            **about, mechanism=Mechanism.ONE_STOP, procedure_code=case["procedure_code"], due_at=case["due_at"],
            first_due_at=case["due_at"],
        )  # fmt: skip
        await naive.tell("resolved", command.code, result)


def serve_notify(naive: Naive) -> None:
    recipients, notices = naive.db["recipients"], naive.db["notices"]
    opener, http = Opener(os.environ["NOTIFY_PRIVATE_KEY"]), httpx.AsyncClient(timeout=30)
    url = f"{os.environ['ESMS_BASE_URL']}/MainService.svc/json/SendMultipleMessage_V4_post_json/"

    async def send(code: str, contact: str, words: str) -> None:
        phone, notice = orjson.loads(opener.open(contact))["phone"], str(uuid4())
        await notices.insert_one({"_id": notice, "code": code, "words": words, "state": "created"})
        body = {
            "ApiKey": os.environ["ESMS_API_KEY"], "SecretKey": os.environ["ESMS_SECRET_KEY"], "Phone": phone,
            "Content": f"Ho so {code} {words}", "Brandname": os.environ["ESMS_BRANDNAME"], "SmsType": "2",
            "IsUnicode": "0", "RequestId": notice,
        }  # fmt: skip
        answer = (await http.post(url, json=body)).json()
        await notices.update_one({"_id": notice}, {"$set": {"state": "sent", "answer": answer.get("CodeResult")}})
        await naive.tell("told", code, {"code": code, "notice": notice})

    @naive.on("submitted")
    async def submitted(event: intake.DossierSubmitted) -> None:
        await recipients.insert_one({"_id": event.code, "contact": event.contact})
        await send(event.code, event.contact or "", "da duoc tiep nhan.")

    async def later(code: str, words: str) -> None:
        for _ in range(PATIENCE):
            recipient = await recipients.find_one({"_id": code})
            if recipient is not None:
                await send(code, recipient["contact"], words)
                return
            await asyncio.sleep(0.05)  # each topic is read on its own: the result may be heard of before the receipt

    @naive.on("resolved")
    async def resolved(event: routing.DossierResolved) -> None:
        await later(event.code, "da co ket qua.")

    @naive.on("returned")
    async def returned(event: intake.DossierReturned) -> None:
        await later(event.code, "da tra ket qua.")


SERVE = {"intake": serve_intake, "routing": serve_routing, "notify": serve_notify}


def main() -> None:
    naive = Naive(sys.argv[1])
    SERVE[naive.service](naive)
    asyncio.run(FastStream(naive.broker).run())


if __name__ == "__main__":
    main()
