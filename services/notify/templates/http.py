"""HTTP in: operators read, try and save templates."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from contracts.types import NoticeKind
from services.kit.auth import Caller
from services.kit.commit import Committer
from services.kit.http import CallerDep
from services.kit.mongo import Mongo
from services.notify.templates import queries
from services.notify.templates.commands.save_templates import SaveTemplates
from services.notify.templates.preview import preview
from services.notify.templates.reading import ContentIn, Note, Text, Word
from services.notify.templates.wordings import Overrides

Version = Annotated[int | None, Query(ge=0, le=999_999)]


class SaveIn(BaseModel):
    """Body of `PUT /v1/templates/{kind}`."""

    model_config = ConfigDict(extra="forbid")

    based_on: int = Field(ge=0, le=999_999)
    """The version that was changed; 0: the one brought along."""
    note: Note = ""
    content: ContentIn


class PreviewIn(BaseModel):
    """Body of `POST /v1/templates/{kind}/preview`; without `content` a saved version is shown."""

    model_config = ConfigDict(extra="forbid")

    content: ContentIn | None = None
    version: int | None = Field(default=None, ge=0, le=999_999)
    values: dict[Word, Text] = Field(default_factory=dict, max_length=30)
    """Instead of the samples."""


async def _reader(caller: CallerDep) -> Caller:
    """A dependency, so that who may not is told so before what is wrong with the body."""
    caller.require("operator", "service")
    return caller


async def _operator(caller: CallerDep) -> Caller:
    caller.require("operator")
    return caller


ReaderDep = Annotated[Caller, Depends(_reader)]
OperatorDep = Annotated[Caller, Depends(_operator)]


def routes(mongo: Mongo, committer: Committer, overrides: Overrides) -> APIRouter:
    """Nothing in templates is personal; only operators change them."""
    api = APIRouter(prefix="/v1/templates", tags=["templates"])

    @api.get("")
    async def listing(_: ReaderDep) -> dict[str, Any]:
        """Mẫu tin đang dùng của mọi loại tin."""
        return {"templates": await queries.listed(mongo, overrides)}

    @api.get("/{kind}")
    async def show(kind: NoticeKind, _: ReaderDep, version: Version = None) -> dict[str, Any]:
        """Mẫu tin đang dùng, hoặc một phiên bản."""
        return queries.shown(await queries.template_in_version(mongo, kind, version), overrides)

    @api.get("/{kind}/versions")
    async def versions(kind: NoticeKind, _: ReaderDep) -> dict[str, Any]:
        """Ai đã lưu phiên bản nào, khi nào."""
        return {"kind": kind, "versions": await queries.versions_of(mongo, kind)}

    @api.put("/{kind}")
    async def save(kind: NoticeKind, body: SaveIn, caller: OperatorDep) -> dict[str, Any]:
        """Lưu phiên bản mới. The same content once more changes nothing."""
        [saved] = await committer.run(
            SaveTemplates(
                {kind: body.content.content()}, overrides.prefix, caller.key_id, body.note, based_on=body.based_on
            )
        )
        return {"changed": saved.changed, **queries.shown(saved.after, overrides)}

    @api.post("/{kind}/preview")
    async def look(kind: NoticeKind, body: PreviewIn, _: ReaderDep) -> dict[str, Any]:
        """Xem trước trên từng kênh; nothing is stored, nobody is told."""
        if body.content is not None:
            version, content = None, body.content.content()
        else:
            template = await queries.template_in_version(mongo, kind, body.version)
            version, content = template.version, template.content
        sent = overrides.applied(kind, content)
        return {"version": version, **preview(kind, content, sent, overrides.prefix, body.values)}

    return api
