"""The answer to a filing: accept it, ask for what lacks, or refuse it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from contracts.types import PaperState
from services.intake.bodies import AcceptIn, CompletionIn, RefuseIn, lines
from services.intake.commands.answer_filing import AcceptFiling, RefuseDossier, RequestCompletion
from services.intake.desk import papers as papers_form
from services.intake.desk.deeds import Deed
from services.intake.domain.dossier import DESK as BY_DESK
from services.intake.domain.dossier import Dossier
from services.intake.domain.procedure import Paper, Procedure
from services.intake.domain.status import Action
from services.intake.rights import writing_counters_of
from services.kit.web import forms
from services.kit.web.forms import Form, Typed
from services.kit.web.visit import Visit

_SUPERVISORS = ("supervisor", "operator")


class Accept(Deed):
    """Complete and correct."""

    path, action, template = "tiep-nhan", Action.ACCEPT, "desk/accept.html"
    beside: ClassVar = {"case-not-published": "case"}

    def first(self, visit: Visit, dossier: Dossier, papers: Sequence[Paper]) -> Mapping[str, str]:
        fee = "" if dossier.fee_paid_vnd is None else str(dossier.fee_paid_vnd)
        return {**papers_form.stated(dossier.checklist), "case": dossier.case or "", "fee_paid_vnd": fee}

    def read(self, typed: Typed, papers: Sequence[Paper]) -> Form[AcceptIn]:
        return papers_form.read(AcceptIn, typed, papers)

    async def do(self, visit: Visit, code: str, body: AcceptIn) -> str:
        counters, clerk = writing_counters_of(visit.caller), visit.person.name[:200] or None
        command = AcceptFiling(code, counters, lines(body.checklist), body.fee_paid_vnd, clerk, case=body.case)
        await self.office.committer.run(command)
        return f"Đã tiếp nhận hồ sơ {code}."

    def shown(self, visit: Visit, dossier: Dossier, version: Procedure | None) -> Mapping[str, object]:
        return {"cases": [(case, case) for case in version.cases] if version else []}


class AskForPapers(Deed):
    """Ask once, for everything that lacks (form 02)."""

    path, action, template = "yeu-cau-bo-sung", Action.REQUEST_COMPLETION, "desk/completion.html"
    beside: ClassVar = {"items-missing": "muc", "supplement-already-requested": "legal_basis"}

    def first(self, visit: Visit, dossier: Dossier, papers: Sequence[Paper]) -> Mapping[str, str]:
        """What is known to lack is chosen already."""
        return {
            f"giay.{line.paper}.wanted": line.reason or "missing-papers"
            for line in dossier.checklist
            if line.state is PaperState.MISSING
        }

    def read(self, typed: Typed, papers: Sequence[Paper]) -> Form[CompletionIn]:
        """A row with a reason is a paper that is asked for; where no list is published, one is named."""
        asked = [
            {"paper": str(row.number), "reason": typed.first(f"giay.{row.number}.wanted")}
            for row in papers_form.rows(papers)
            if typed.first(f"giay.{row.number}.wanted").strip()
        ]
        if not papers and typed.first("khac.name").strip():
            asked = [{"name": typed.first("khac.name"), "reason": typed.first("khac.reason")}]
        fields = {f"items.{place}.{part}": [text] for place, one in enumerate(asked) for part, text in one.items()}
        found = forms.read(CompletionIn, Typed({**fields, "legal_basis": [typed.first("legal_basis")]}))
        errors = {name if name == "legal_basis" else "muc": words for name, words in found.errors.items()}
        return Form(typed.own, errors, found.value)

    async def do(self, visit: Visit, code: str, body: CompletionIn) -> str:
        counters, supervisor = writing_counters_of(visit.caller), visit.caller.may(*_SUPERVISORS)
        command = RequestCompletion(code, counters, body.asked(), body.legal_basis, supervisor)
        await self.office.committer.run(command)
        return "Đã yêu cầu bổ sung. Hãy lập và in phiếu yêu cầu bổ sung."

    def shown(self, visit: Visit, dossier: Dossier, version: Procedure | None) -> Mapping[str, object]:
        again = any(request.by == BY_DESK for request in dossier.requests)
        return {"again": again, "supervisor": visit.caller.may(*_SUPERVISORS)}


class Refuse(Deed):
    """Do not accept it, with coded grounds (form 03)."""

    path, action, template = "tu-choi", Action.REFUSE, "desk/refuse.html"
    beside: ClassVar = {"ground-missing": "grounds[]", "ground-unknown": "grounds[]"}

    def read(self, typed: Typed, papers: Sequence[Paper]) -> Form[RefuseIn]:
        return forms.read(RefuseIn, typed)

    async def do(self, visit: Visit, code: str, body: Any) -> str:
        await self.office.committer.run(RefuseDossier(code, writing_counters_of(visit.caller), body.grounds))
        return "Đã từ chối tiếp nhận. Hãy lập và in phiếu từ chối."
