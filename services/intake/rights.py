"""What a caller may see and do: a counter its own dossiers, a service reads, an operator all."""

from __future__ import annotations

from contracts.problems import Denied
from services.intake.commands.access import dossier_of
from services.intake.domain.dossier import Dossier
from services.intake.store import DOSSIERS
from services.kit.auth import Caller
from services.kit.mongo import Mongo


def counters_of(caller: Caller) -> frozenset[str] | None:
    """The counters a caller may see; None: all. Raises: Denied `scope-missing`."""
    return None if caller.may("operator", "service") else _counters(caller)


def writing_counters_of(caller: Caller) -> frozenset[str] | None:
    """The counters for which a caller may change dossiers: a service only reads. Raises: Denied `scope-missing`."""
    return None if caller.may("operator") else _counters(caller)


async def own_dossier(mongo: Mongo, code: str, caller: Caller) -> Dossier:
    """Raises: Missing `dossier-unknown`, Denied `scope-missing`."""
    counters = counters_of(caller)
    return dossier_of(await DOSSIERS.read(mongo, code), counters)


async def handed_dossier(mongo: Mongo, code: str, caller: Caller) -> Dossier:
    """For an agency: what was handed to it. Others see what they see anyway.

    Raises: Missing `dossier-unknown`, Denied `scope-missing`.
    """
    agencies = caller.units("agency")
    if not agencies:
        return await own_dossier(mongo, code, caller)
    dossier = await DOSSIERS.read(mongo, code)
    if dossier is not None and any(e.kind == "transferred" and e.agency in agencies for e in dossier.timeline):
        return dossier
    all_or_own = None if caller.may("operator", "service") else caller.units("counter")
    return dossier_of(dossier, all_or_own)


def _counters(caller: Caller) -> frozenset[str]:
    counters = caller.units("counter")
    if not counters:
        raise Denied("scope-missing", "Khóa truy cập này không thuộc quầy nào.", needs=["counter:<code>", "operator"])
    return counters
