"""Templates as requests and files bring them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from services.kit.rule_words import rule_words
from services.notify.domain.sms_text import one_line
from services.notify.templates.domain.content import Content, Said, SmsPart, VnptPart, ZaloParam, ZaloPart
from services.notify.templates.domain.rules import Fault


def _line(value: Any) -> Any:
    return one_line(value) if isinstance(value, str) else value


Word = Annotated[str, BeforeValidator(_line), StringConstraints(max_length=64)]
Text = Annotated[str, BeforeValidator(_line), StringConstraints(max_length=1000)]
"""Composed, on one line."""
Note = Annotated[str, BeforeValidator(_line), StringConstraints(max_length=300)]
_STRICT = ConfigDict(extra="forbid")


class ZaloParamIn(BaseModel):
    """A parameter of the Zalo template."""

    model_config = _STRICT

    name: Word
    type: int = Field(ge=0, le=1000)
    max_length: int | None = Field(default=None, ge=0, le=10_000)
    required: bool = True
    value: Word = ""


class ZaloIn(BaseModel):
    """The registered Zalo template."""

    model_config = _STRICT

    template_id: Word
    params: tuple[ZaloParamIn, ...] = Field(max_length=20)


class SmsIn(BaseModel):
    """The text message."""

    model_config = _STRICT

    text: Text
    accented: Text = ""
    flexible: Word = ""
    send_accented: bool = False


class VnptIn(BaseModel):
    """The template registered with VNPT."""

    model_config = _STRICT

    template_id: Word
    params: tuple[Word, ...] = Field(max_length=20)


class CaseIn(BaseModel):
    """What is said otherwise in one case."""

    model_config = _STRICT

    sms: SmsIn | None = None
    zalo: ZaloIn | None = None
    vnpt: VnptIn | None = None


class ContentIn(CaseIn):
    """A template's content."""

    sms: SmsIn
    cases: dict[Word, CaseIn] = Field(default_factory=dict, max_length=10)

    def content(self) -> Content:
        """As the rules judge it."""
        return Content(_said(self), {case: _said(said) for case, said in self.cases.items()})


def _said(said: CaseIn) -> Said:
    sms, zalo, vnpt = said.sms, said.zalo, said.vnpt
    return Said(
        sms=SmsPart(sms.text, sms.accented, sms.flexible, sms.send_accented) if sms else None,
        zalo=ZaloPart(
            zalo.template_id,
            tuple(ZaloParam(p.name, p.type, p.max_length, p.required, p.value) for p in zalo.params),
        )
        if zalo
        else None,
        vnpt=VnptPart(vnpt.template_id, vnpt.params) if vnpt else None,
    )


def read_content(data: object) -> Content | list[Fault]:
    """What a file says; or what is wrong about its form."""
    try:
        return ContentIn.model_validate(data).content()
    except ValidationError as error:
        return [
            Fault("template-field-wrong", ".".join(map(str, item["loc"])), rule_words(_item(item)))
            for item in error.errors(include_url=False, include_input=False)
        ]


def _item(item: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = item
    return found


def as_data(content: Content) -> dict[str, Any]:
    """JSON values that `ContentIn` reads again; what is as by default is left out."""
    data = _data(content.base)
    if content.cases:
        data["cases"] = {case: _data(said) for case, said in content.cases.items()}
    return data


def _data(said: Said) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if said.zalo is not None:
        data["zalo"] = {
            "template_id": said.zalo.template_id,
            "params": [
                {"name": p.name, "type": p.type}
                | ({"value": p.value} if p.value else {})
                | ({"max_length": p.max_length} if p.max_length is not None else {})
                | ({} if p.required else {"required": False})
                for p in said.zalo.params
            ],
        }
    if said.sms is not None:
        data["sms"] = (
            {"text": said.sms.text}
            | ({"accented": said.sms.accented} if said.sms.accented else {})
            | ({"flexible": said.sms.flexible} if said.sms.flexible else {})
            | ({"send_accented": True} if said.sms.send_accented else {})
        )
    if said.vnpt is not None:
        data["vnpt"] = {"template_id": said.vnpt.template_id, "params": list(said.vnpt.params)}
    return data
