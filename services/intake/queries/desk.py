"""A dossier as the desk sees it: everything, with the people in it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from services.intake.domain.checklist import lacking
from services.intake.domain.dossier import Dossier, SupplementRequest
from services.intake.domain.procedure import Paper
from services.intake.promise import paper_forward_due
from services.intake.queries.procedures import papers_of
from services.intake.queries.receipt import receipt
from services.intake.queries.track import story
from services.intake.store import CALENDAR, INFORMED, THE_CALENDAR
from services.kit import worktime
from services.kit.mongo import Mongo


async def desk_view(mongo: Mongo, dossier: Dossier) -> dict[str, Any]:
    """For clerks of the dossier's counter; holds personal data."""
    papers = await papers_of(mongo, dossier)
    informed = await INFORMED.read(mongo, dossier.code)
    table = worktime.table_of(await CALENDAR.read(mongo, THE_CALENDAR))
    calendar = worktime.calendar_for(table, dossier.counter)
    return story(dossier, informed) | {
        "receipt": receipt(dossier) if dossier.accepted else None,
        "counter": dossier.counter,
        "handed_in_at": dossier.handed_in_at or dossier.counter,
        "competent_agency": dossier.competent_agency,
        "agency": dossier.agency,
        "case": dossier.case,
        "allowed": [action.value for action in dossier.allowed],
        "applicant": asdict(dossier.applicant),
        "submitter": asdict(dossier.submitter) if dossier.submitter else None,
        "mandated": asdict(dossier.mandated) if dossier.mandated else None,
        "mandate": asdict(dossier.mandate) if dossier.mandate else None,
        "checklist": checklist_view(papers, dossier),
        "requests": [request_view(papers, request) for request in dossier.requests],
        "payments": [asdict(payment) for payment in dossier.payments],
        "return_by": dossier.return_by.value,
        "return_address": dossier.return_address,
        "fee_vnd": dossier.fee_vnd,
        "fee_paid_vnd": dossier.fee_paid_vnd,
        "answer_due_at": dossier.answer_due_at,
        "answer_overdue": dossier.answer_overdue,
        "grounds": list(dossier.grounds),
        "paper_forward_due_at": paper_forward_due(dossier.received_at, calendar) if dossier.accepted else None,
        "hand_over": asdict(dossier.hand_over) if dossier.hand_over and dossier.returned_at else None,
    }


def checklist_view(papers: tuple[Paper, ...], dossier: Dossier) -> list[dict[str, Any]]:
    """Every published paper with its state, so that the desk sees at a glance what lacks."""
    stated = {line.paper: line for line in dossier.checklist}
    missing = set(lacking(papers, dossier.checklist))
    return [
        {
            "paper": number,
            "name": paper.name,
            "case": paper.case or None,
            "state": stated[number].state.value if number in stated else None,
            "reason": stated[number].reason if number in stated else None,
            "lacks": number in missing,
        }
        for number, paper in enumerate(papers, start=1)
    ]


def request_view(papers: tuple[Paper, ...], request: SupplementRequest) -> dict[str, Any]:
    """A request for papers, and what changed since (what those who look again need to look at)."""
    return {
        "at": request.at,
        "by": request.by,
        "items": [asdict(item) for item in request.items],
        "legal_basis": request.legal_basis,
        "answered_at": request.answered_at,
        "changes": [
            {
                "paper": change.paper,
                "name": papers[change.paper - 1].name if change.paper <= len(papers) else None,
                "before": change.before.value if change.before else None,
                "after": change.after.value,
            }
            for change in request.changes
        ],
    }
