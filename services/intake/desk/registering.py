"""Pages: find a procedure by a few letters; register what is handed in, or note what is not complete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import Response

from contracts.problems import Refused
from contracts.types import HandOverMethod, HandOverProof
from services.intake.bodies import FileIn, RegisterIn, require_notices
from services.intake.commands.application import Application
from services.intake.commands.file_dossier import FileDossier
from services.intake.commands.register_dossier import RegisterDossier
from services.intake.desk import papers as papers_form
from services.intake.desk import words
from services.intake.desk.office import DESK, PREFIX, Office, address_of
from services.intake.desk.opening import code_in
from services.intake.domain.dossier import Dossier, HandOver
from services.intake.domain.procedure import Procedure
from services.intake.queries.procedures import PublishedCatalogue, Search, procedure_in_version, published, summary
from services.intake.store import DOSSIERS
from services.kit.web.forms import Form, Typed
from services.kit.web.pages import Pages
from services.kit.web.visit import Visit, VisitDep

FIND, NEW = "/thu-tuc", "/moi"
_INCOMPLETE = "chua-du"
"""The button that notes a filing whose papers are not complete."""
_FIELDS = {
    "return-address-missing": "return_address",
    "case-not-published": "case",
    "on-the-spot-not-allowed": "on_the_spot.received_by",
    "external-ref-reused": "external_ref",
}
_COMPLETE_ONLY = ("duplicate_confirmed", "on_the_spot.received_by")
_FIRST = {
    "applicant.kind": "citizen",
    "applicant.notify_by": "zalo",
    "channel": "counter",
    "return_by": "counter",
    "sets": "1",
}
"""As it mostly is."""
_OTHERS = ("submitter.", "mandated.", "mandate.", "external_ref", "competent_agency", "handed_in_at")


def registering_pages(office: Office) -> Pages:
    pages = Pages(PREFIX)
    catalogue, desk = PublishedCatalogue(office.mongo), _Registering(office)

    @pages.get(FIND, DESK, nav="Tiếp nhận hồ sơ", hint="Tìm thủ tục, đăng ký hồ sơ mới")
    async def find(visit: VisitDep, q: str = "") -> Response:
        """With a script the list follows the letters; without one, Enter. One hit and Enter: its form."""
        code = code_in(q)
        if code is not None and not visit.is_part:
            return await visit.go(address_of(code))
        text = q[:200]
        found = [summary(one) for one in await catalogue.search(Search(text, limit=12))] if text.strip() else []
        if visit.is_part:
            return visit.page("desk/found.html", found=found, q=text)
        if len(found) == 1:
            return await visit.go(f"{PREFIX}{NEW}?{urlencode({'tt': found[0]['code']})}")
        return visit.page("desk/find.html", found=found, q=text)

    @pages.get(NEW, DESK, form=True)
    async def new(visit: VisitDep, tt: str = "") -> Response:
        if not tt:
            return await visit.go(PREFIX + FIND)
        first = {**_FIRST, "counter": office.counter(visit)}
        return desk.page(visit, await procedure_in_version(office.mongo, tt, None), visit.blank(**first))

    @pages.post(NEW, DESK)
    async def register(visit: VisitDep) -> Response:
        office.counter(visit)
        procedure = await procedure_in_version(office.mongo, visit.typed.first("procedure_code"), None)
        complete = visit.typed.first("viec") != _INCOMPLETE
        form = _read(RegisterIn, visit, procedure) if complete else _read(FileIn, visit, procedure, *_COMPLETE_ONLY)
        if form.value is None:
            return desk.page(visit, procedure, form, 422)
        office.require(visit, form.value.counter)
        try:
            require_notices(office.sealer, wanted=form.value.wants_notices)
            answer = await office.committer.run((desk.registration if complete else desk.filing)(visit, form.value))
        except Refused as refusal:
            if refusal.slug == "duplicate-suspected":
                return desk.page(visit, procedure, form, 422, await desk.duplicates(refusal))
            return desk.page(visit, procedure, papers_form.refused(form, refusal, _FIELDS), 422)
        if complete:
            return await visit.go(address_of(answer.code), f"Đã tiếp nhận hồ sơ {answer.code}.")
        said = f"Đã ghi nhận hồ sơ {answer.code}. Hãy ghi giấy tờ cần bổ sung."
        return await visit.go(address_of(answer.code, "yeu-cau-bo-sung"), said)

    return pages


@dataclass(frozen=True)
class _Registering:
    office: Office

    def registration(self, visit: Visit, body: RegisterIn) -> RegisterDossier:
        now, spot = self.office.now(), body.on_the_spot
        method, proof = HandOverMethod.COUNTER, HandOverProof.SIGNATURE
        return RegisterDossier(
            request_id=_request_id(visit),
            fingerprint=visit.typed.fingerprint(),
            application=self._application(body),
            received_at=now,
            duplicate_confirmed=body.duplicate_confirmed,
            on_the_spot=HandOver(now, method, spot.received_by, proof) if spot else None,
        )

    def filing(self, visit: Visit, body: FileIn) -> FileDossier:
        """Not complete: noted, and answered with a request for papers."""
        return FileDossier(
            request_id=_request_id(visit),
            fingerprint=visit.typed.fingerprint(),
            application=self._application(body),
            filed_at=self.office.now(),
        )

    def _application(self, body: RegisterIn | FileIn) -> Application:
        return body.application(body.counter, body.channel, body.applicant, body.handed_in_at, self.office.sealer)

    async def duplicates(self, refusal: Refused) -> list[Dossier]:
        """The open dossiers of the same person and procedure."""
        codes = refusal.facts.get("duplicates")
        mongo = self.office.mongo
        found = [await DOSSIERS.read(mongo, str(code)) for code in codes] if isinstance(codes, list) else []
        return [dossier for dossier in found if dossier is not None]

    def page(
        self, visit: Visit, procedure: Procedure, form: Form[Any], status: int = 200, duplicates: Sequence[Dossier] = ()
    ) -> Response:
        own = visit.person.units("counter")
        return visit.page(
            "desk/register.html",
            status,
            form=form,
            procedure=published(procedure),
            cases=[(case, case) for case in procedure.cases],
            on_the_spot=procedure.may_be_solved_on_the_spot,
            rows=papers_form.rows(procedure.papers),
            counters=self.office.counters(visit),
            duplicates=[dossier for dossier in duplicates if dossier.counter in own],
            elsewhere=[self.office.letterhead.counter(one.counter) for one in duplicates if one.counter not in own],
            more_open=any(form.get(name) or form.error(name) for name in _names(form) if name.startswith(_OTHERS)),
            words=words,
        )


def _names(form: Form[Any]) -> set[str]:
    return {*form.typed, *form.errors}


def _request_id(visit: Visit) -> str:
    return f"page|{visit.person.subject}|{visit.form_key}"


def _read(model: type[Any], visit: Visit, procedure: Procedure, *page_only: str) -> Form[Any]:
    """The clerk's own name goes on the receipt."""
    fields = dict(visit.typed.fields)
    if visit.person.name:
        fields["clerk"] = [visit.person.name[:200]]
    form = papers_form.read(model, Typed(fields), procedure.papers, ("viec", *page_only))
    form.typed = visit.typed.own
    return form
