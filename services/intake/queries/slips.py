"""The slips of a dossier: what can be issued, what was, and each as it is printed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from contracts.problems import Missing
from services.intake.domain.dossier import Dossier
from services.intake.domain.slip import NUMBERED, PRINTED, Form, Slips, lacks, occasion, occasions, require_possible
from services.intake.queries.procedures import papers_of
from services.intake.slips.form_spec import FormSet
from services.intake.slips.sheet import Printer, Sheet
from services.intake.store import SLIPS
from services.kit.mongo import Mongo


async def list_slips(mongo: Mongo, dossier: Dossier, printer: Printer, now: datetime) -> dict[str, Any]:
    """Every slip that the dossier calls for or could: its number, or what it lacks."""
    slips = await SLIPS.read(mongo, dossier.code) or Slips()
    forms = printer.set_on(now)
    return {
        "form_set": forms.id,
        "basis": forms.basis,
        "slips": [
            _line(dossier, slips, forms, form, about)
            for form in (*PRINTED, *NUMBERED)
            for about in range(1, max(occasions(dossier, form), 1) + 1)
        ],
    }


async def read_sheet(mongo: Mongo, dossier: Dossier, form: Form, about: int | None, printer: Printer) -> Sheet:
    """One slip as it is printed.

    Raises: Conflict `slip-not-possible`, Missing `slip-not-issued`.
    """
    if form in PRINTED:
        require_possible(dossier, form, 1)
        return printer.printed(form, dossier, await papers_of(mongo, dossier))
    slips = await SLIPS.read(mongo, dossier.code) or Slips()
    slip = slips.find(form, occasion(dossier, form, about))
    if slip is None:
        raise Missing("slip-not-issued", "Phiếu này chưa được lập.")
    return printer.issued(slip, dossier)


def _line(dossier: Dossier, slips: Slips, forms: FormSet, form: Form, about: int) -> dict[str, Any]:
    spec, slip = forms.find(form), slips.find(form, about)
    missing = lacks(dossier, form, about) or (() if spec else ("form",))
    return {
        "form": form.value,
        "about": about,
        "number": spec.number if spec else None,
        "title": spec.title if spec else None,
        "numbered": form in NUMBERED,
        "possible": not missing,
        "lacks": list(missing),
        "symbol": slip.symbol if slip else None,
        "issued_at": slip.issued_at if slip else None,
    }
