"""What a caller may see and do, for the API and the pages alike."""

from __future__ import annotations

from contracts.problems import Denied, Missing
from contracts.types import Outcome, StopKind
from services.kit.auth import Caller
from services.routing.commands.act_on_step import Actor
from services.routing.domain.case import SIGNED_BY_HEAD, Action, Case
from services.routing.domain.checks import check, check_signature, turn_of
from services.routing.domain.directory import Directory

SUPERVISOR = "supervisor"
"""Scope beside an agency's own (người phụ trách)."""
HEAD = "head"
"""Scope beside an agency's own (thủ trưởng cơ quan): signs apologies and decisions to stop."""


def visible(case: Case | None, caller: Caller) -> Case:
    """A case is seen by the agencies of its steps, its counter and operators; for others it does not exist."""
    if not caller.may("operator", "service") and not (caller.units("agency") or caller.units("counter")):
        raise Denied("scope-missing", "Khóa truy cập này không có quyền làm việc đó.")
    if case is not None:
        agencies = {step.agency for step in case.steps} | {transfer.agency for transfer in case.transfers}
        if caller.may("operator", "service", f"counter:{case.counter}") or agencies & caller.units("agency"):
            return case
    raise Missing("case-unknown", "Không tìm thấy hồ sơ với mã này.")


def agencies_of(caller: Caller) -> frozenset[str] | None:
    """Whose steps' inner affairs are shown; None: all."""
    return None if caller.may("operator") else caller.units("agency")


def actor_of(caller: Caller, agency: str) -> Actor:
    """Raises: Denied `scope-missing`."""
    caller.require(f"agency:{agency}", "operator")
    return Actor(caller.key_id, supervisor=caller.may(SUPERVISOR), head=caller.may(HEAD))


def require_inbox(caller: Caller, agency: str) -> None:
    """Raises: Denied `scope-missing`."""
    caller.require(f"agency:{agency}", "operator", "service")


def offered(case: Case, number: int, caller: Caller) -> frozenset[Action]:
    """What this caller may do with a step now; nothing where it is another agency's."""
    if not caller.may(f"agency:{case.step(number).agency}", "operator"):
        return frozenset()
    actions = case.allowed(number, supervisor=caller.may(SUPERVISOR))
    return frozenset(action for action in actions if signs(caller, action))


def signs(caller: Caller, what: Action | Outcome | StopKind) -> bool:
    """Whether it needs no head's signature, or the caller's is one."""
    return what not in SIGNED_BY_HEAD or caller.may(HEAD)


def require_offered(case: Case, number: int, action: Action, caller: Caller) -> Actor:
    """Raises: Denied `scope-missing`, `wrong-agency`, `head-needed`; Conflict `step-unknown`, `case-withdrawn`,
    `step-not-current`, `action-not-allowed`."""
    known = 1 <= number <= len(case.steps)
    agency = case.step(number).agency if known else next(iter(caller.units("agency")), case.unit)
    actor = actor_of(caller, agency)
    turn_of(case, agency, number)
    check(case, action, number, supervisor=actor.supervisor)
    check_signature(action, head=actor.head)
    return actor


def counted_unit(caller: Caller, unit: str | None, directory: Directory) -> str | None:
    """Of which unit the figures are shown: operators and programs ask for any or for all; a supervisor for the unit
    that an agency of theirs belongs to and what is below it, and gets that one when none is named.

    Raises: Denied `scope-missing`.
    """
    if caller.may("operator", "service"):
        return unit
    own = sorted({directory.unit_of_agency(agency) for agency in caller.units("agency")})
    if caller.may(SUPERVISOR) and own:
        if unit is None:
            return own[0]
        if any(unit == one or unit.startswith(f"{one}.") for one in own):
            return unit
    raise Denied(
        "scope-missing", "Khóa truy cập này không có quyền làm việc đó.", needs=["operator", "service", SUPERVISOR]
    )
