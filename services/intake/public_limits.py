"""How often the public may ask and guess: the limits of everything that needs no key, shared by all processes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import Request

from services.intake.settings import IntakeSettings
from services.kit.client_address import ClientAddress
from services.kit.clock import Now
from services.kit.limiter import Limiter
from services.kit.mongo import Mongo


@dataclass(frozen=True)
class PublicLimits:
    """One for each process."""

    client: ClientAddress
    requests: Limiter
    """Of an address."""
    digits: Limiter
    """Wrong last digits for a dossier."""
    codes: Limiter
    """Wrong one-time codes for a dossier."""
    wrong: Limiter
    """Wrong digits and codes of an address: the same four digits, tried on all dossiers, would fit some."""
    code_requests: Limiter
    """One-time codes sent for a dossier."""
    code_askers: Limiter
    """One-time codes asked for by an address."""
    feedback: Limiter
    """Complaints and suggestions of an address."""

    @classmethod
    def of(cls, settings: IntakeSettings, mongo: Mongo, now: Now) -> PublicLimits:
        return cls(
            ClientAddress.behind(settings.trusted_proxies),
            Limiter.at(settings.public_requests, mongo, "requests", now),
            Limiter.at(settings.tracking_attempts, mongo, "digits", now),
            Limiter.at(settings.wrong_codes, mongo, "tracking-codes", now),
            Limiter.at(settings.tracking_attempts_per_address, mongo, "wrong", now),
            Limiter.at(settings.code_requests, mongo, "code-requests", now),
            Limiter.at(settings.code_requests_per_address, mongo, "code-askers", now),
            Limiter.at(settings.feedback_requests, mongo, "feedback", now),
        )

    async def admit(self, request: Request) -> str:
        """Count a request; returns the client's address. Raises: TooManyTries."""
        address = self.client.of(request)
        await self.requests.hit(address)
        return address

    @asynccontextmanager
    async def guess(self, secret: Limiter, code: str, address: str) -> AsyncIterator[None]:
        """Around the check of a second factor. Raises: TooManyTries."""
        # What an address got right does not make good what it got wrong: everybody knows the digits of a dossier of
        # their own.
        async with self.wrong.guess(address, forgive=False), secret.guess(code):
            yield
