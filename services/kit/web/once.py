"""A form has one effect, however often it is sent: by a double click, or once more after the back button.

Each form carries a key of its own. The first that arrives does the work; one that comes meanwhile waits for it, and a
later one is led to where the first had led. Commands that know a request by its id get the key as that id: they hold
even where a process dies between the work and the note of it.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pymongo import ASCENDING, IndexModel

from contracts.problems import Conflict
from services.kit.clock import Now
from services.kit.mongo import Mongo
from services.kit.mongo.driver import PyMongoError, is_duplicate_key

FORMS_SENT = "web_forms_sent"
INDEXES: Mapping[str, Sequence[IndexModel]] = {
    FORMS_SENT: (IndexModel([("gone_at", ASCENDING)], name="ttl", expireAfterSeconds=0),),
}
REMEMBERED = timedelta(days=1)
GIVEN_UP = timedelta(seconds=60)
"""Work that began so long ago and left no note was cut off: it may be done by the next."""
WAIT_S, LOOK_S = 20.0, 0.1
FORM_KEY_PATTERN = re.compile(r"[A-Za-z0-9-]{8,64}")


@dataclass(frozen=True)
class FormsSent:
    """Which forms were sent to one service, and where each led."""

    mongo: Mongo
    now: Now

    async def begin(self, id: str, fingerprint: str) -> str | None:
        """Take the work.

        Returns: where it led when it is done already; None: it is ours now, and ends with `done` or `undo`.
        Raises: Conflict `form-sent`: by this key another content was sent. Conflict `form-in-work`: still going on.
        """
        for _ in range(int(WAIT_S / LOOK_S)):
            if await self._take(id, fingerprint):
                return None
            found = await self._forms.find_one({"_id": id})
            if found is None:
                continue
            if found["led_to"] is not None:
                if found["fingerprint"] != fingerprint:
                    words = (
                        "Biểu mẫu này đã được gửi trước đó, với nội dung khác. Hãy xem kết quả, hoặc mở biểu mẫu mới."
                    )
                    raise Conflict("form-sent", words, led_to=found["led_to"])
                return str(found["led_to"])
            if await self._take_over(id, fingerprint):
                return None
            await asyncio.sleep(LOOK_S)
        raise Conflict("form-in-work", "Biểu mẫu này đang được xử lý. Hãy chờ ít giây rồi xem lại danh sách.")

    async def done(self, id: str, led_to: str) -> None:
        with suppress(PyMongoError):  # the effect is there; the command's own request id still guards it
            await self._forms.update_one({"_id": id}, {"$set": {"led_to": led_to}})

    async def undo(self, id: str) -> None:
        """It had no effect: it may come again."""
        with suppress(PyMongoError):
            await self._forms.delete_one({"_id": id, "led_to": None})

    async def _take(self, id: str, fingerprint: str) -> bool:
        now = self.now()
        row = {"_id": id, "fingerprint": fingerprint, "led_to": None, "begun_at": now, "gone_at": now + REMEMBERED}
        try:
            await self._forms.insert_one(row)
        except PyMongoError as error:
            if not is_duplicate_key(error):
                raise
            return False
        return True

    async def _take_over(self, id: str, fingerprint: str) -> bool:
        now = self.now()
        stale = {"_id": id, "led_to": None, "begun_at": {"$lte": now - GIVEN_UP}}
        changed = await self._forms.update_one(stale, {"$set": {"begun_at": now, "fingerprint": fingerprint}})
        return bool(changed.modified_count)

    @property
    def _forms(self) -> Any:
        return self.mongo.collection(FORMS_SENT)


def form_id(subject: str, path: str, key: str) -> str:
    """One person's form; nobody learns by a key of theirs where another's led."""
    return hashlib.sha256(f"{subject}|{path}|{key}".encode()).hexdigest()
