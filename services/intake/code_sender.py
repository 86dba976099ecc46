"""Has one-time codes sent to citizens' phones; nobody who asks learns whether the dossier exists."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import BackgroundTasks, Request

from contracts.problems import Invalid, Refused
from contracts.types import CodePurpose
from services.intake.commands.one_time_codes import IssueCode, Secret
from services.intake.public_limits import PublicLimits
from services.kit import logs
from services.kit.commit import Committer
from services.kit.sealing import Sealer

log = logs.get("intake.citizen")


@dataclass(frozen=True)
class CodeSender:
    """For the API and the pages."""

    committer: Committer
    limits: PublicLimits
    sealer: Sealer | None

    async def send(self, request: Request, code: str, background: BackgroundTasks) -> None:
        """Send a code to the phone of the dossier, if there is one.

        Raises: Invalid `notices-not-configured`, TooManyTries.
        """
        address = await self.limits.admit(request)
        if self.sealer is None:
            raise Invalid("notices-not-configured", "Máy chủ chưa có khóa công khai của dịch vụ thông báo.")
        await self.limits.code_askers.hit(address)
        # After the answer: how long it takes would tell whether the dossier exists.
        background.add_task(self._issue, self.sealer, code)

    async def _issue(self, sealer: Sealer, code: str) -> None:
        try:
            # What is not sent (a code a minute, no phone) gives its place in the quota back, or strangers could use it
            # up.
            async with self.limits.code_requests.spend(code):
                await self.committer.run(IssueCode(code, None, CodePurpose.TRACKING, Secret.make(sealer)))
        except Refused as refusal:
            log.info("one_time_code.not_sent", slug=refusal.slug)
