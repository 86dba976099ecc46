"""HTTP in: the contacts of a unit's officers. What is entered is sealed at once, and no phone is ever shown again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from contracts.types import NoticeChannel, NoticeKind, ShortText, UnitCode
from services.kit.commit import Committer
from services.kit.http import CallerDep
from services.kit.mongo import Mongo
from services.notify.officers.entries import officer_entry, sealed_officers
from services.notify.officers.officer import OFFICER_KINDS, UnitOfficers
from services.notify.officers.replace_officers import ReplaceOfficers
from services.notify.officers.store import OFFICERS


class OfficerGiven(BaseModel):
    """One contact as an operator enters it."""

    label: ShortText
    phone: str = Field(min_length=8, max_length=30, repr=False)
    channel: NoticeChannel = NoticeChannel.ZALO
    kinds: Annotated[tuple[NoticeKind, ...], Field(min_length=1, max_length=10)] = tuple(sorted(OFFICER_KINDS))


class OfficersGiven(BaseModel):
    """The whole list of a unit; an empty one: nobody there is told."""

    officers: Annotated[tuple[OfficerGiven, ...], Field(max_length=100)]


class OfficerView(BaseModel):
    """A contact without its phone."""

    id: str
    label: str
    kinds: list[NoticeKind]


class OfficersView(BaseModel):
    """Whom a unit has told."""

    unit: str
    officers: list[OfficerView]


@dataclass(frozen=True)
class OfficerRoutes:
    """For operators only."""

    mongo: Mongo
    committer: Committer
    public_key: str
    """Notify's; empty: nothing can be entered (503)."""

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/v1/units", tags=["officers"])
        router.add_api_route("/{unit}/officers", self.put, methods=["PUT"])
        router.add_api_route("/{unit}/officers", self.get, methods=["GET"])
        return router

    async def put(self, unit: UnitCode, given: OfficersGiven, caller: CallerDep) -> OfficersView:
        caller.require("operator")
        entries = [officer_entry(o.label, o.phone, o.channel, o.kinds) for o in given.officers]
        officers = sealed_officers(unit, entries, self.public_key)
        await self.committer.run(ReplaceOfficers(officers))
        return _view(officers)

    async def get(self, unit: UnitCode, caller: CallerDep) -> OfficersView:
        caller.require("operator")
        return _view(await OFFICERS.read(self.mongo, unit) or UnitOfficers(unit))


def _view(unit: UnitOfficers) -> OfficersView:
    return OfficersView(
        unit=unit.unit,
        officers=[OfficerView(id=o.id, label=o.label, kinds=list(o.kinds)) for o in unit.officers],
    )
