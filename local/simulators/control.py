"""The control API: what a test may ask the networks, and do to them, that no real vendor offers."""

from dataclasses import asdict, replace
from typing import Annotated, Any

from fastapi import APIRouter, Body, HTTPException, Query
from pydantic import BaseModel, ConfigDict, NonNegativeInt

from local.simulators.faults import Faults
from local.simulators.magic import FICTITIOUS_LABEL, MAGIC_NUMBERS
from local.simulators.messages import Provider
from local.simulators.network import Network
from local.simulators.phone_numbers import esms_phone
from local.simulators.templates import TemplateStatus

PAGE_MAX = 5_000


class TemplateChange(BaseModel):
    """What a person at the vendor may change of a template; what is not named, or null, stays."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: TemplateStatus | None = None
    night_block: bool | None = None
    daily_quota: NonNegativeInt | None = None


class Control:
    """The routes under `/control`."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix="/control")
        router.add_api_route("/messages", self.messages, methods=["GET"])
        router.add_api_route("/stats", self.stats, methods=["GET"])
        router.add_api_route("/magic", self.magic, methods=["GET"])
        router.add_api_route("/faults", self.faults, methods=["GET"])
        router.add_api_route("/faults", self.put_faults, methods=["PUT"])
        router.add_api_route("/clock", self.put_clock, methods=["PUT"])
        router.add_api_route("/templates/{template_id}", self.put_template, methods=["PUT"])
        router.add_api_route("/consent", self.consent, methods=["POST"])
        router.add_api_route("/reset", self.reset, methods=["POST"])
        return router

    async def messages(
        self,
        after: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 1_000,
        provider: Provider | None = None,
        phone: str | None = None,
    ) -> dict[str, Any]:
        """Page through the ledger; `next` is the cursor for the following call, filtered or not."""
        ledger = self._network.ledger
        page = ledger.after(after, limit)
        cursor = page[-1].seq if page else after
        wanted = esms_phone(phone) if phone is not None else None
        if phone is not None and wanted is None:
            raise HTTPException(422, "phone is not a Vietnamese mobile number")
        chosen = [
            one.as_json()
            for one in page
            if (provider is None or one.provider == provider) and (wanted is None or one.phone == wanted)
        ]
        return {"messages": chosen, "next": cursor, "more": cursor + 1 < ledger.next_seq}

    async def stats(self) -> dict[str, Any]:
        """Count what happened since the last reset; refusals only since the start of the process."""
        network = self._network
        return {
            "zalo": asdict(network.ledger.totals("zalo")) | {"refused": dict(network.zalo.refusals)},
            "esms": asdict(network.ledger.totals("esms")) | {"refused": dict(network.esms.refusals)},
            "speedsms": asdict(network.ledger.totals("speedsms")) | {"refused": dict(network.speedsms.refusals)},
            "vnpt": asdict(network.ledger.totals("vnpt")) | {"refused": dict(network.vnpt.refusals)},
            "smpp": asdict(network.ledger.totals("smpp")) | network.smsc.as_json(),
            "zalo_quota": {"daily": network.quota.daily, "remaining": network.quota.remaining()},
            "courier": {
                "waiting": network.courier.waiting,
                "redeliveries_waiting": network.courier.redeliveries_waiting,
            },
        }

    async def magic(self) -> dict[str, Any]:
        """List the fictitious numbers and what each provokes."""
        numbers = [{"number": one.number, "meaning": one.meaning} for one in MAGIC_NUMBERS]
        return {"note": FICTITIOUS_LABEL, "numbers": numbers}

    async def faults(self) -> dict[str, Any]:
        """Show the faults in force."""
        return self._network.board.faults.model_dump(mode="json")

    async def put_faults(self, change: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        """Replace all faults: what is not named returns to its start. Quota and tokens change only when named."""
        network = self._network
        quota, expire = change.pop("zalo_daily_quota", None), change.pop("expire_tokens_now", False)
        if not (quota is None or (type(quota) is int and quota >= 0)) or not isinstance(expire, bool):
            raise HTTPException(422, "zalo_daily_quota is a whole number, expire_tokens_now true or false")
        try:
            faults = Faults.model_validate(Faults.initial(network.settings).model_dump() | change)
        except ValueError as error:
            raise HTTPException(422, str(error)) from error
        network.board.faults = faults
        if quota is not None:
            network.change_quota(quota)
        if expire:
            network.tokens.expire_access_tokens()
        return faults.model_dump(mode="json")

    async def put_clock(self, offset_seconds: Annotated[float, Body(embed=True)]) -> dict[str, Any]:
        """Move the gateways' clock."""
        clock = self._network.clock
        clock.offset_seconds = offset_seconds
        return {"offset_seconds": offset_seconds, "vietnam": clock.vietnam().isoformat()}

    async def put_template(self, template_id: str, change: TemplateChange) -> dict[str, Any]:
        """Change a template as its reviewer would."""
        before = self._network.shelf.any_state(template_id)
        if before is None:
            raise HTTPException(404, "no such template")
        named = change.model_dump(exclude_unset=True)
        after = replace(before, **{name: value for name, value in named.items() if value is not None})
        self._network.change_template(before, after)
        shown = {"status": after.status, "night_block": after.night_block, "daily_quota": after.daily_quota}
        return {"template_id": template_id} | shown

    async def consent(self) -> dict[str, str]:
        """Consent anew, as the person at the Official Account would: a single-use code for ten minutes."""
        return {"code": self._network.tokens.consent()}

    async def reset(self) -> dict[str, bool]:
        """Forget messages and faults. Tokens stay: a client that holds them must not be locked out by a test."""
        await self._network.reset()
        return {"ok": True}
