"""What the counters' and the agencies' software of the year says. The same words each time, ids included: whoever
hears them again knows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import orjson

from contracts.events import agency, counter
from contracts.events.routing import AgencyTransferOpened
from contracts.topics import AGENCY_ACTIONS, COUNTER_INTAKE
from contracts.types import Outcome
from local.demo.partners import record
from local.year.plan import YEAR, Life
from services.kit.clock import Now
from services.kit.sealing import Sealer

SOURCE = f"/register-{YEAR}"
_ACCEPTED_AFTER = 0.1
"""Part of its share after which an agency takes a step."""
_FIRST_PERSON = 96_000_000_000


def registration(life: Life, sealer: Sealer, now: Now) -> dict[str, Any]:
    """A line of the register. Of an interlinked dossier the agencies tell what became of it."""
    told = life.resolved_at is not None and not life.procedure.interlinked
    message = counter.RegisterDossier(
        counter=life.counter,
        occurred_at=life.received_at,
        external_ref=life.reference,
        procedure_code=life.procedure.code,
        applicant=sealer.seal(orjson.dumps(_applicant(life))),
        backfill=True,
        code=life.code,
        resolved_at=life.resolved_at if told else None,
        outcome=Outcome.GRANTED if told else None,
        returned_at=life.returned_at if told else None,
    )
    return record(COUNTER_INTAKE.name, life.counter, SOURCE, message, now, _id(life, "register"))


def hand_over(life: Life, now: Now) -> dict[str, Any]:
    """The citizen came for the result."""
    message = counter.HandOverResult(counter=life.counter, code=life.code, occurred_at=life.returned_at)
    return record(COUNTER_INTAKE.name, life.counter, SOURCE, message, now, _id(life, "hand-over"))


def answer(life: Life, opened: AgencyTransferOpened, now: Now) -> Iterator[dict[str, Any]]:
    """The agency takes its step and finishes it in its share of the time."""
    step: dict[str, Any] = {"code": life.code, "agency": opened.agency, "step": opened.step}
    before = (opened.step - 1) / opened.steps
    taken = life.moment(before + _ACCEPTED_AFTER / opened.steps)
    accepted = agency.AcceptTransfer(**step, occurred_at=taken)
    done = agency.CompleteStep(**step, occurred_at=max(taken, life.moment(opened.step / opened.steps)))
    for what, message in (("accept", accepted), ("complete", done)):
        yield record(AGENCY_ACTIONS.name, life.code, SOURCE, message, now, _id(life, f"{what}-{opened.step}"))


def _id(life: Life, what: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"{SOURCE}/{life.code}/{life.reference}/{what}"))


def _applicant(life: Life) -> dict[str, Any]:
    """Nobody: a number, and a name that says so."""
    return {"full_name": f"Người nộp hồ sơ số {life.number}", "id_number": f"{_FIRST_PERSON + life.number:012d}",
            "notify_by": "none"}  # fmt: skip
