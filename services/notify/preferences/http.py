"""HTTP in: what a citizen asks for at a desk. The phone travels in bodies only: addresses end up in logs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.kit.auth import Caller
from services.kit.commit import Committer
from services.kit.http import CallerDep
from services.kit.mongo import Mongo
from services.notify.contact import checked_mobile
from services.notify.off import Off
from services.notify.preferences.commands import AskFor
from services.notify.preferences.keys import phone_key
from services.notify.preferences.preference import Preference, Wants, Why
from services.notify.preferences.store import PREFERENCES


class Phone(BaseModel):
    """Whose preference."""

    phone: str = Field(min_length=8, max_length=30, repr=False)


class Wish(Phone):
    """What its holder asks for."""

    wants: Wants
    why: Why = Why.CITIZEN_ASKED


class Withdrawal(Phone):
    """That the wish is over."""

    why: Why = Why.CITIZEN_ASKED


class PreferenceView(BaseModel):
    """A preference without the phone."""

    wants: Wants | None
    """None: nothing was asked for; Zalo, then SMS, or as the dossier says."""
    why: Why | None
    set_by: str
    set_at: datetime | None
    zalo_refused_until: datetime | None


@dataclass(frozen=True)
class PreferenceRoutes:
    """Who works at a desk may read and set; each change keeps whose key made it."""

    mongo: Mongo
    committer: Committer
    key: bytes | None
    """None: the routes answer 503."""

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/v1/preferences", tags=["preferences"])
        router.add_api_route("", self.put, methods=["PUT"])
        router.add_api_route("", self.delete, methods=["DELETE"])
        router.add_api_route("/look-up", self.look_up, methods=["POST"])
        return router

    async def put(self, wish: Wish, caller: CallerDep) -> PreferenceView:
        _may(caller)
        return await self._ask(wish.phone, wish.wants, wish.why, caller)

    async def delete(self, withdrawal: Withdrawal, caller: CallerDep) -> PreferenceView:
        """Back to how everybody is told. What Zalo refuses stays as it is."""
        _may(caller)
        return await self._ask(withdrawal.phone, None, withdrawal.why, caller)

    async def look_up(self, whose: Phone, caller: CallerDep) -> PreferenceView:
        _may(caller)
        return _view(await PREFERENCES.read(self.mongo, self._key_of(whose.phone)) or Preference())

    async def _ask(self, phone: str, wants: Wants | None, why: Why, caller: Caller) -> PreferenceView:
        return _view(await self.committer.run(AskFor(self._key_of(phone), wants, why, caller.key_id)))

    def _key_of(self, phone: str) -> str:
        """Raises: Off `preferences-off`; Invalid `phone-not-mobile`."""
        if self.key is None:
            raise Off("preferences-off", "Hệ thống này chưa bật tùy chọn nhận thông báo. Hãy báo người quản trị.")
        return phone_key(self.key, checked_mobile(phone))


def _may(caller: Caller) -> None:
    """Raises: Denied `scope-missing`."""
    if not caller.units("counter"):
        caller.require("operator")


def _view(preference: Preference) -> PreferenceView:
    return PreferenceView(
        wants=preference.wants,
        why=preference.why,
        set_by=preference.set_by,
        set_at=preference.set_at,
        zalo_refused_until=preference.zalo_refused_until,
    )
