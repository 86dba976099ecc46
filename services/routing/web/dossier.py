"""Pages of one dossier as an agency sees it: where it is, why it is due when it is, and what may be done now."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from fastapi import Response

from contracts.problems import Conflict, Invalid, Missing, NotYet
from contracts.reasons import DELAY_REASONS, HAND_BACK_REASONS, REFUSAL_GROUNDS, STOP_REASONS, SUPPLEMENT_REASONS
from contracts.types import DossierCode, Outcome
from services.kit.auth import Caller
from services.kit.clock import VIETNAM, Now
from services.kit.commit import Committer
from services.kit.errors import HTTP_STATUS
from services.kit.mongo import Mongo
from services.kit.web.forms import Form
from services.kit.web.pages import Pages
from services.kit.web.visit import Visit, VisitDep
from services.routing.commands.act_on_step import ActOnStep
from services.routing.commands.assign_officer import AssignOfficer
from services.routing.domain.case import Action, Case
from services.routing.domain.stops import HALTS
from services.routing.queries.history import history
from services.routing.queries.horizon import desk_of
from services.routing.queries.names import agency_names, procedure_names
from services.routing.queries.shown import shown
from services.routing.rights import (
    SUPERVISOR,
    agencies_of,
    offered,
    require_offered,
    signs,
    visible,
)
from services.routing.store import CASES
from services.routing.web import words
from services.routing.web.inbox import ACTORS, PREFIX, READERS
from services.routing.web.tasks import TASKS, AssignIn, StepIn, Task

STOP_WORDS = {"consultation": "Lấy ý kiến, xác minh", "decision": "Theo quyết định tạm dừng (thủ trưởng ký)"}
DENIALS = (Outcome.DENIED, Outcome.TERMINATED)


def dossier_pages(mongo: Mongo, committer: Committer, now: Now, papers_site: str | None) -> Pages:
    """The pages below `/hop-viec/ho-so`.

    Args:
        papers_site: where the pages of intake are, which keeps the papers; None: not known.
    """
    pages = Pages(f"{PREFIX}/ho-so")
    view = DossierView(mongo, committer, now, papers_site)

    @pages.get("/{code}", READERS)
    async def show(visit: VisitDep, code: DossierCode) -> Response:
        return await view.page(visit, await view.case(code, visit.caller))

    for task in TASKS:
        _add(pages, view, task)
    return pages


def _add(pages: Pages, view: DossierView, task: Task) -> None:
    path = f"/{{code}}/{task.slug}"

    @pages.get(path, ACTORS, form=True)
    async def ask(visit: VisitDep, code: DossierCode, buoc: str = "") -> Response:
        case = await view.case(code, visit.caller)
        number = _step(case, buoc)  # after the case: strangers learn nothing, whatever they ask for
        try:
            require_offered(case, number, task.action, visit.caller)
        except Conflict as refusal:  # the back button after the deed, or somebody was quicker
            return await visit.go(f"{PREFIX}/ho-so/{code}", refusal.message, "note")
        return await view.form(visit, case, number, task, visit.blank(**_proposed(case, task)))

    @pages.post(path, ACTORS)
    async def act(visit: VisitDep, code: DossierCode) -> Response:
        case = await view.case(code, visit.caller)
        form: Form[Any] = visit.read(task.model)
        if form.value is None:
            return await view.form(visit, case, _step(case, form.get("step")), task, form, 422)
        try:
            await view.act(case, form.value, task, visit.caller)
        except NotYet as error:
            raise Missing(error.slug, error.message) from error
        except (Conflict, Invalid) as refusal:
            case = await view.case(code, visit.caller)
            refused = form.refused(refusal, task.fields)
            return await view.form(visit, case, _step(case, form.get("step")), task, refused, HTTP_STATUS[refusal.kind])
        return await visit.go(f"{PREFIX}/ho-so/{code}", task.done)


def _proposed(case: Case, task: Task) -> dict[str, str]:
    """What stands in a form before anything is typed."""
    if task.action is not Action.EXTEND:
        return {}
    due_at = (case.apology.proposed_due_at if case.apology else case.due_at).astimezone(VIETNAM)
    if case.apology is None:
        return {"hour": f"{due_at:%H:%M}"}
    return {"reason": case.apology.reason, "day": due_at.date().isoformat(), "hour": f"{due_at:%H:%M}"}


def _step(case: Case, typed: str) -> int:
    """Raises: Missing `step-unknown`."""
    if len(typed) < 4 and typed.isascii() and typed.isdigit() and 1 <= int(typed) <= len(case.steps):
        return int(typed)
    raise Missing("step-unknown", f"Hồ sơ này có {len(case.steps)} bước.")


@dataclass(frozen=True)
class DossierView:
    """Gathers what the pages of a dossier show, and does what they ask."""

    mongo: Mongo
    committer: Committer
    now: Now
    papers_site: str | None

    async def case(self, code: str, caller: Caller) -> Case:
        """Raises: Missing `case-unknown`, Denied `scope-missing`."""
        return visible(await CASES.read(self.mongo, code), caller)

    async def act(self, case: Case, value: StepIn, task: Task, caller: Caller) -> None:
        """Raises: as the command."""
        actor = require_offered(case, value.step, task.action, caller)
        agency = case.step(value.step).agency
        if task.message is None:
            assert isinstance(value, AssignIn)
            await self.committer.run(
                AssignOfficer(case.code, agency, value.step, value.officer, actor.id, value.revision)
            )
            return
        message = task.message(code=case.code, agency=agency, step=value.step, **task.said(value))
        await self.committer.run(ActOnStep(message, actor))

    async def page(self, visit: Visit, case: Case) -> Response:
        caller, at = visit.caller, self.now()
        agencies = agencies_of(caller)
        told = shown(case, at, agencies, supervisor=caller.may(SUPERVISOR))
        names, titles, desk = await asyncio.gather(
            agency_names(self.mongo),
            procedure_names(self.mongo, [case.procedure_code]),
            desk_of(self.mongo, case.counted_on, at),
        )
        running = case.open and case.stop is None
        left = desk.left(case.due_at) if running else None
        return visit.page(
            "inbox/dossier.html",
            case=told,
            title=titles.get(case.procedure_code, case.procedure_code),
            names=names,
            w=words,
            left=words.left_words(left),
            left_kind=words.left_kind(left),
            promise=told["promises"][-1] if told["promises"] else None,
            earlier=told["promises"][-2::-1],
            history=[(line, words.happened(line, names)) for line in history(case, agencies)],
            offers=self._offers(case, caller),
            papers=f"{self.papers_site}/giay-to/{case.code}" if self.papers_site else None,
            home=_home(case, caller),
        )

    def _offers(self, case: Case, caller: Caller) -> list[tuple[int, list[Task]]]:
        found = [(number, offered(case, number, caller)) for number in range(1, len(case.steps) + 1)]
        return [(number, [task for task in TASKS if task.action in actions]) for number, actions in found if actions]

    async def form(
        self, visit: Visit, case: Case, number: int, task: Task, form: Form[Any], status: int = 200
    ) -> Response:
        step = case.step(number)
        names, titles = await asyncio.gather(
            agency_names(self.mongo), procedure_names(self.mongo, [case.procedure_code])
        )
        caller = visit.caller
        return visit.page(
            "inbox/task.html",
            status,
            case=case,
            number=number,
            step=step,
            agency=names.get(step.agency, step.agency),
            title=titles.get(case.procedure_code, case.procedure_code),
            task=task,
            form=form,
            stays=task.action in offered(case, number, caller),
            names=names,
            before=[
                (n, f"Bước {n}: {case.step(n).name or names.get(case.step(n).agency, '')}")
                for n in case.done_before(number)
            ],
            hand_back=list(HAND_BACK_REASONS.items()),
            supplement=list(SUPPLEMENT_REASONS.items()),
            delay=list(DELAY_REASONS.items()),
            stops=list(STOP_REASONS.items()),
            grounds=[(code, ground.words) for code, ground in REFUSAL_GROUNDS.items()],
            denials=[(one.value, words.OUTCOMES[one]) for one in DENIALS if signs(caller, one)],
            halts=[(kind.value, STOP_WORDS[kind]) for kind in HALTS if signs(caller, kind)],
        )


def _home(case: Case, caller: Caller) -> str:
    """The inbox that the dossier is shown from."""
    own = [step.agency for step in case.steps if step.agency in caller.units("agency")]
    return f"{PREFIX}/{own[0]}" if own else PREFIX
