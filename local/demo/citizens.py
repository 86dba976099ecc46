"""The citizens: they read their phones, come back with papers, read out codes, rate, and follow their dossiers."""

from __future__ import annotations

import asyncio
import io
import re
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import httpx
from PIL import Image

from local.demo.book import Book
from local.demo.calls import Refused, applicant, application, said
from local.demo.measure import Measures
from local.demo.visit import Visit
from services.notify.templates.defaults import default_template_ids

LOOK_EVERY_S = 0.7
LONGEST_ON_THE_WAY_S = 30.0
"""Messages that are not on a screen by then are looked for no more."""
PATIENCE_S = 20.0
"""Who hears nothing comes back anyway."""
_KINDS = {template: kind.value for kind, template in default_template_ids().items()}
_TEXTS = {
    "supplement": re.compile(r"Ho so (?P<code>\S+) can bo sung"),
    "payment": re.compile(r"Ho so (?P<code>\S+) can nop "),
    "one_time_code": re.compile(r"Ho so (?P<code>\S+) co ma nhan ket qua (?P<secret>[0-9]{6})"),
    "returned": re.compile(r"Ho so (?P<code>\S+) da duoc tra ket qua.* danh gia tai (?P<secret>\S+)"),
}


@dataclass
class Citizens:
    """All citizens of the day."""

    http: httpx.AsyncClient
    """At intake, without a key."""
    phones: httpx.AsyncClient
    book: Book
    measures: Measures
    invited: dict[str, str] = field(default_factory=dict)
    """Code -> token of the link in the last message, of those who have not answered yet."""
    _told: defaultdict[tuple[str, str], asyncio.Future[str]] = field(init=False)
    _after: int = 0
    _seen: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._told = defaultdict(asyncio.get_running_loop().create_future)

    @property
    def unanswered(self) -> int:
        """How many have read an invitation that they want to answer, and have not yet."""
        return sum(self._answers(code) for code in self.invited)

    async def watch_phones(self) -> None:
        """Look at the screens until cancelled."""
        while True:
            await self._look()
            await asyncio.gather(*(self._rate(code) for code in list(self.invited) if self._answers(code)))
            await asyncio.sleep(LOOK_EVERY_S)

    async def told(self, code: str, kind: str, patience: float = PATIENCE_S) -> str | None:
        """Wait for a message about a dossier. Returns: the code or link in it; None: it has not come."""
        try:
            return await asyncio.wait_for(asyncio.shield(self._told[code, kind]), patience)
        except TimeoutError:
            return None

    async def track(self, code: str, visit: Visit) -> None:
        """Follow the dossier with the last four digits of the phone. Raises: Refused."""
        if not visit.tracks:
            return
        digits = {"phone_last4": visit.phone[-4:]}
        said(await self.http.get(f"/v1/track/{code}", params=digits, headers=_from(visit)), 200, "track")
        self.measures.tracked += 1

    async def fill_in_form(self, visit: Visit, *, complete: bool) -> str:
        """File with the form of our own: a draft, saved, a file uploaded, handed in. Returns: the dossier's code.

        Raises: Refused.
        """
        began = await self.http.post("/v1/filings/drafts", headers=_from(visit))
        token = said(began, 201, "draft")["token"]
        path, headers = began.headers["location"], {"Authorization": f"Draft {token}"} | _from(visit)
        form = {"counter": visit.counter, "applicant": applicant(visit), **application(visit, complete=complete)}
        del form["external_ref"]  # the counter's own numbering, which is nothing of a citizen's
        said(await self.http.put(path, json=form, headers=headers | {"If-Match": began.headers["etag"]}), 200, "draft")
        if visit.procedure.papers:
            file: dict[str, str | int] = {"kind": "paper", "paper": 1, "name": "ban-chup.png"}
            sent = await self.http.post(f"{path}/files", params=file, content=_photo(visit.number), headers=headers)
            said(sent, 201, "file")
        code: str = said(await self.http.post(f"{path}/submit", headers=headers), 201, "form")["code"]
        return code

    async def _look(self) -> None:
        """Read what came on the screens; messages on their way are looked at again."""
        page = (await self.phones.get("/control/messages", params={"after": self._after, "limit": 5000})).json()
        messages, given_up = page["messages"], 1000 * (time.time() - LONGEST_ON_THE_WAY_S)
        for message in messages:
            if message["delivered_at"] and message["seq"] not in self._seen:
                self._seen.add(message["seq"])
                self._read(message)
        waiting = [m["seq"] for m in messages if m["outcome"] == "pending" and m["accepted_at"] > given_up]
        self._after = min(waiting) - 1 if waiting else page["next"]

    def _read(self, message: dict[str, Any]) -> None:
        kind, data = _KINDS.get(message["template_id"], ""), message["template_data"] or {}
        code, secret = data.get("dossier_code", ""), data.get("rating_link", "")
        for of_text, text in _TEXTS.items() if not kind else ():
            if found := text.search(message["text"]):
                parts = found.groupdict()
                kind, code, secret = of_text, parts["code"], parts.get("secret", "")
                break
        if kind == "returned" and secret:
            self.invited[code] = secret.rpartition("/")[2]
        told = self._told[code, kind]
        if not told.done():
            told.set_result(secret)

    def _answers(self, code: str) -> bool:
        visit = self.book.visits.get(code)
        return visit is not None and visit.score is not None

    async def _rate(self, code: str) -> None:
        visit, token = self.book.visits[code], self.invited[code]
        assert visit.score is not None
        points = 2 if visit.score >= 4 else max(0, visit.score - 2)
        body = {"overall": visit.score, "time_score": points, "attitude_score": points}
        answer = await self.http.post(f"/v1/ratings/{token}", json=body, headers=_from(visit))
        try:
            said(answer, 201, "rate")
        except Refused as refused:
            self.measures.problems.append(str(refused))
        else:
            self.book.rated.add(code)
        del self.invited[code]


def _from(visit: Visit) -> dict[str, str]:
    """Each person asks from an address of their own, as through the proxy of a real installation."""
    number = visit.person
    return {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}


def _photo(number: int) -> bytes:
    """A picture of a paper, another for each dossier."""
    image, file = Image.new("RGB", (640, 480), (255, 255, number % 256)), io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
