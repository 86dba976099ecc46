"""The ways by which a dossier comes in, and what they answer.

Registration and filing at the desk (HTTP), a command of a counter's own software and a filing of the national portal
(Kafka), the own online form (a draft that is handed in), an old register (XLSX).
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any

import httpx

from contracts.events import Message
from services.kit.ids import new_id
from tests.component.counter_fixtures import TOPIC, answers, filing, register
from tests.component.form_fixtures import begun, saved
from tests.component.register_fixtures import XLSX, csv_of, post, row, xlsx
from tests.component.service_fixtures import NAME, Intake

IN_WINDOWS_1258 = "Nguyê\u0303n Thi\u0323 Bươ\u0309i".encode("cp1258")
"""A tone stands behind its letter there."""


@dataclass(frozen=True)
class Said:
    """What a door answered."""

    slug: str = ""
    words: str = ""
    code: str = ""


class Door(ABC):
    """One way in."""

    def __init__(self, intake: Intake) -> None:
        self.intake = intake
        self.sent = 0

    @abstractmethod
    async def hand_in(self, **changes: Any) -> Said:
        """Hand in a dossier; `applicant__x` changes the applicant."""

    @abstractmethod
    async def hand_in_on(self, day: str) -> Said:
        """Hand in a dossier one of whose dates is this."""

    @abstractmethod
    async def hand_in_windows_1258(self) -> Said:
        """Hand in a dossier whose text is in the old code page."""

    def number(self) -> int:
        self.sent += 1
        return self.sent


def http_said(reply: httpx.Response) -> Said:
    body = reply.json()
    if reply.status_code == 201:
        return Said(code=body["code"])
    assert reply.headers["content-type"] == "application/problem+json"
    own = [field["rule"] for field in body.get("fields", ()) if "-" in field["rule"]]
    return Said("/".join([body["slug"], *own]), body["detail"])


class Desk(Door):
    path = "/v1/dossiers"

    def body(self, **changes: Any) -> dict[str, Any]:
        return self.intake.body(**changes)

    async def send(self, content: bytes) -> Said:
        headers = self.intake.desk | {"Idempotency-Key": new_id(), "Content-Type": "application/json"}
        return http_said(await self.intake.http.post(self.path, content=content, headers=headers))

    async def hand_in(self, **changes: Any) -> Said:
        return await self.send(json.dumps(self.body(**changes)).encode())

    async def hand_in_on(self, day: str) -> Said:
        return await self.send(json.dumps(self.body(occurred_at=f"{day}T08:00:00+07:00")).encode())

    async def hand_in_windows_1258(self) -> Said:
        body = json.dumps(self.body(applicant__full_name="?")).encode()
        return await self.send(body.replace(b'"?"', b'"' + IN_WINDOWS_1258 + b'"'))


class Filing(Desk):
    path = "/v1/filings"

    def body(self, **changes: Any) -> dict[str, Any]:
        body = super().body(**changes)
        del body["duplicate_confirmed"]
        return body


class Form(Door):
    """Saved as one types, whatever it is; judged when it is handed in."""

    async def hand_in(self, **changes: Any) -> Said:
        url, headers = await saved(self.intake, **changes)
        return http_said(await self.intake.http.post(f"{url}/submit", headers=headers))

    async def hand_in_on(self, day: str) -> Said:
        return await self.hand_in(mandated={"full_name": NAME}, mandate={"paper": "Ủy quyền", "signed_on": day})

    async def hand_in_windows_1258(self) -> Said:
        url, headers = await begun(self.intake)
        content = b'{"name": "' + IN_WINDOWS_1258 + b'"}'
        return http_said(await self.intake.http.put(url, content=content, headers=headers | {"If-Match": '"0"'}))


class Command(Door):
    """A command of a counter's own software."""

    def message(self, **changes: Any) -> Message:
        return register(self.intake, f"R-{self.number()}", **changes)

    async def send(self, message: Message, change: Any = lambda value: value) -> Said:
        record = self.intake.record(message, TOPIC)
        await self.intake.consumer.handle([replace(record, value=change(record.value))])
        answer = (await answers(self.intake))[-1]
        assert answer["command_id"] == dict(record.headers)["ce_id"].decode()
        if answer["answer"] == "command-accepted":
            return Said(code=answer["code"])
        assert answer["slug"] in await self.intake.buried()
        return Said(answer["slug"], answer["message"])

    async def hand_in(self, **changes: Any) -> Said:
        own = {name.removeprefix("applicant__"): value for name, value in changes.items()}
        return await self.send(self.message(applicant=self.intake.seal(**own)))

    async def hand_in_on(self, day: str) -> Said:
        def dated(value: bytes) -> bytes:
            return json.dumps(json.loads(value) | {"occurred_at": f"{day}T08:00:00Z"}).encode()

        return await self.send(self.message(), dated)

    async def hand_in_windows_1258(self) -> Said:
        def recoded(value: bytes) -> bytes:
            return value[:-1] + b',"note":"' + IN_WINDOWS_1258 + b'"}'

        return await self.send(self.message(), recoded)


class Portal(Command):
    """A filing of the national portal, by its own code."""

    def message(self, **changes: Any) -> Message:
        return filing(self.intake, code=f"G22.99-261120-{self.number():04d}", **changes)


class Register(Door):
    """One row of an old register, in a workbook."""

    async def load(self, content: bytes, type_: str = XLSX) -> Said:
        reply = await post(self.intake, content, type=type_)
        if reply.status_code != 200:
            return http_said(reply)
        [line] = reply.json()["rows"]
        return Said(line["slug"], line["reason"], line["code"])

    async def hand_in(self, **changes: Any) -> Said:
        columns = {"applicant__id_number": "Số định danh", "applicant__full_name": "Tên tổ chức, cá nhân"}
        cells = {columns[name]: value for name, value in changes.items()}
        return await self.load(xlsx(row(self.number(), **cells)))

    async def hand_in_on(self, day: str) -> Said:
        return await self.load(xlsx(row(self.number(), **{"Ngày nhận": day})))

    async def hand_in_windows_1258(self) -> Said:
        good = csv_of(row(self.number(), **{"Tên tổ chức, cá nhân": "?"}))
        return await self.load(good.replace(b"?", IN_WINDOWS_1258), "text/csv")


DOORS = (Desk, Filing, Form, Command, Portal, Register)
