"""The token book of Zalo OAuth v4: single-use refresh tokens that rotate, access tokens that go stale.

It is written to the journal first: a gateway that forgot the pair it just issued would lock its client out until
a person consents again, which is a property of the real vendor only when the client loses the pair.
"""

import secrets
from dataclasses import dataclass
from typing import Any

from local.simulators.clock import Clock
from local.simulators.journal import Journal, Record

CODE_SECONDS = 600  # Zalo OAuth v4: an authorization code lives ten minutes


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What one grant issued."""

    access_token: str
    refresh_token: str


class TokenBook:
    """All codes and tokens ever issued, as times of the moved clock in epoch seconds."""

    def __init__(self, journal: Journal, clock: Clock, *, access_seconds: int, refresh_seconds: int) -> None:
        self._journal = journal
        self._clock = clock
        self._access_seconds = access_seconds
        self._refresh_seconds = refresh_seconds
        self._access: dict[str, float] = {}
        self._refresh: dict[str, float] = {}
        self._consumed: set[str] = set()
        self._codes: dict[str, float] = {}
        self._used_codes: set[str] = set()

    def replay(self, record: Record) -> None:
        """Take in one record of an earlier process."""
        match record["kind"]:
            case "tokens":
                self._access[record["access_token"]] = record["access_until"]
                self._refresh[record["refresh_token"]] = record["refresh_until"]
                self._consumed.update(filter(None, [record["consumed"]]))
                self._used_codes.update(filter(None, [record["code"]]))
            case "code":
                self._codes[record["code"]] = record["until"]
            case "access_expired":
                self._access.clear()

    def consent(self) -> str:
        """Issue a fresh single-use code, as if a person had consented in the browser."""
        code = secrets.token_urlsafe(24)
        self._note({"kind": "code", "code": code, "until": self._clock.now() + CODE_SECONDS})
        return code

    def code_is_good(self, code: str) -> bool:
        """Tell whether an issued code is unused and younger than ten minutes."""
        return code not in self._used_codes and self._codes.get(code, 0.0) > self._clock.now()

    def code_was_used(self, code: str) -> bool:
        """Tell whether a code was already exchanged."""
        return code in self._used_codes

    def refresh_was_consumed(self, refresh_token: str) -> bool:
        """Tell whether this refresh token already bought a new pair."""
        return refresh_token in self._consumed

    def refresh_is_good(self, refresh_token: str) -> bool:
        """Tell whether this refresh token was issued here and has not expired."""
        return self._refresh.get(refresh_token, 0.0) > self._clock.now()

    def access_is_good(self, access_token: str | None) -> bool:
        """Tell whether a call with this access token is let in."""
        return access_token is not None and self._access.get(access_token, 0.0) > self._clock.now()

    def issue(self, *, consumed: str | None = None, code: str | None = None) -> TokenPair:
        """Issue a pair; the refresh token or the code it was bought with dies in the same record."""
        pair, now = TokenPair(secrets.token_urlsafe(48), secrets.token_urlsafe(48)), self._clock.now()
        self._note(
            {
                "kind": "tokens",
                "access_token": pair.access_token,
                "access_until": now + self._access_seconds,
                "refresh_token": pair.refresh_token,
                "refresh_until": now + self._refresh_seconds,
                "consumed": consumed,
                "code": code,
            }
        )
        return pair

    def expire_access_tokens(self) -> None:
        """Make every access token stale at once, although its `expires_in` has not run out."""
        self._note({"kind": "access_expired"})

    def _note(self, record: dict[str, Any]) -> None:
        self._journal.append(record)
        self.replay(record)
