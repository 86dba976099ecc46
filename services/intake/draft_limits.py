"""How many drafts an address may begin, and how many files it may upload: the same for the API and for the pages."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from services.intake.settings import IntakeSettings
from services.kit.client_address import ClientAddress
from services.kit.clock import Now
from services.kit.limiter import Limiter
from services.kit.mongo import Mongo


@dataclass(frozen=True)
class DraftLimits:
    """Shared by all processes."""

    client: ClientAddress
    starts: Limiter
    uploads: Limiter

    @classmethod
    def of(cls, settings: IntakeSettings, mongo: Mongo, now: Now) -> DraftLimits:
        return cls(
            ClientAddress.behind(settings.trusted_proxies),
            Limiter.at(settings.draft_starts, mongo, "drafts", now),
            Limiter.at(settings.draft_uploads, mongo, "draft-uploads", now),
        )

    async def may_create(self, request: Request) -> None:
        """Raises: TooManyTries."""
        await self.starts.hit(self.client.of(request))

    async def may_upload(self, request: Request) -> None:
        """Raises: TooManyTries."""
        await self.uploads.hit(self.client.of(request))
