"""What is done with a dossier: each a form of its own, shown where it is possible, and one command."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from fastapi import Response

from contracts.problems import Refused
from services.intake.desk import papers as papers_form
from services.intake.desk import words
from services.intake.desk.office import DESK, Office, address_of
from services.intake.domain.dossier import Dossier
from services.intake.domain.procedure import Paper, Procedure
from services.intake.domain.status import Action
from services.intake.store import PROCEDURE_VERSIONS, version_id
from services.kit.web.forms import Form, Typed
from services.kit.web.pages import Pages
from services.kit.web.visit import Visit, VisitDep


class Deed(ABC):
    """One of them."""

    path: ClassVar[str]
    """Below the dossier's address."""
    action: ClassVar[Action]
    template: ClassVar[str]
    beside: ClassVar[Mapping[str, str]] = {}
    """Beside which field a refusal belongs, by its slug."""

    def __init__(self, office: Office) -> None:
        self.office = office

    def first(self, visit: Visit, dossier: Dossier, papers: Sequence[Paper]) -> Mapping[str, str]:
        """What stands in the form already."""
        return {}

    @abstractmethod
    def read(self, typed: Typed, papers: Sequence[Paper]) -> Form[Any]:
        """What was typed, as the API's model."""

    @abstractmethod
    async def do(self, visit: Visit, code: str, body: Any) -> str:
        """The command. Returns: a sentence for the clerk. Raises: what the command refuses."""

    def shown(self, visit: Visit, dossier: Dossier, version: Procedure | None) -> Mapping[str, object]:
        """What the template needs beside the form and the papers."""
        return {}


def add_deed(pages: Pages, deed: Deed) -> None:
    """Its two pages, below those of a dossier."""
    office = deed.office

    @pages.get(f"/{deed.path}", DESK, form=True)
    async def ask(visit: VisitDep, code: str) -> Response:
        dossier = await office.dossier(visit, code)
        dossier.require(deed.action)
        version = await _version(dossier)
        form = visit.blank(**deed.first(visit, dossier, _papers(version)))
        return _page(visit, dossier, version, form, 200)

    @pages.post(f"/{deed.path}", DESK)
    async def act(visit: VisitDep, code: str) -> Response:
        dossier = await office.dossier(visit, code)
        version = await _version(dossier)
        form = deed.read(visit.typed, _papers(version))
        if not form.ok:
            return _page(visit, dossier, version, form, 422)
        try:
            said = await deed.do(visit, code, form.value)
        except Refused as refusal:
            return _page(visit, dossier, version, papers_form.refused(form, refusal, deed.beside), 422)
        return await visit.go(address_of(code), said)

    async def _version(dossier: Dossier) -> Procedure | None:
        id = version_id(dossier.procedure_code, dossier.procedure_version)
        return await PROCEDURE_VERSIONS.read(office.mongo, id)

    def _page(visit: Visit, dossier: Dossier, version: Procedure | None, form: Form[Any], status: int) -> Response:
        return visit.page(
            deed.template,
            status,
            dossier=dossier,
            form=form,
            rows=papers_form.rows(_papers(version)),
            words=words,
            **deed.shown(visit, dossier, version),
        )


def _papers(version: Procedure | None) -> tuple[Paper, ...]:
    return version.papers if version is not None else ()
