"""The drafts of this browser: their tokens lie in one cookie, never in an address.

Where several people use one machine a draft must not outlast the browser: the cookie ends with it, unless its owner
said that the machine is theirs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request, Response

from services.intake.domain.draft import KEPT_FOR
from services.kit.web.visit import Visit
from services.kit.web.web import Web

MOST = 5
"""Drafts that one browser knows; the oldest is forgotten first."""
_PAIR = re.compile(r"([A-Za-z0-9-]{1,64})\.([A-Za-z0-9_-]{1,64})")
_STAYS, _ENDS = "1", "0"


def _name(web: Web) -> str:
    return f"{web.cookie}_nhap"


@dataclass(frozen=True)
class KeptDrafts:
    """What the cookie says: tokens by draft, the newest last."""

    tokens: Mapping[str, str]
    stay: bool = False

    @classmethod
    def of(cls, visit: Visit) -> KeptDrafts:
        return cls.read(visit.request, visit.web)

    @classmethod
    def read(cls, request: Request, web: Web) -> KeptDrafts:
        stay, *pairs = request.cookies.get(_name(web), "").split("~")
        found = [pair for text in pairs if (pair := _PAIR.fullmatch(text))]
        return cls({pair[1]: pair[2] for pair in found[-MOST:]}, stay == _STAYS)

    def token(self, id: str) -> str:
        """Empty, which no draft has, where this browser does not know it."""
        return self.tokens.get(id, "")

    def add(self, visit: Visit, answer: Response, id: str, token: str, *, stay: bool) -> None:
        others = {known: kept for known, kept in self.tokens.items() if known != id}
        KeptDrafts({**others, id: token}, stay or self.stay)._send(visit, answer)

    def drop(self, visit: Visit, answer: Response, id: str) -> None:
        KeptDrafts({known: kept for known, kept in self.tokens.items() if known != id}, self.stay)._send(visit, answer)

    def _send(self, visit: Visit, answer: Response) -> None:
        if not self.tokens:
            visit.web.forget_cookie(answer, _name(visit.web))
            return
        pairs = [f"{id}.{token}" for id, token in list(self.tokens.items())[-MOST:]]
        value = "~".join([_STAYS if self.stay else _ENDS, *pairs])
        visit.web.set_cookie(answer, _name(visit.web), value, max_age=KEPT_FOR if self.stay else None)
