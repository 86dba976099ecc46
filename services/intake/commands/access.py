"""A counter sees its own dossiers; another's does not exist for it."""

from __future__ import annotations

from contracts.problems import Missing
from services.intake.domain.dossier import Dossier


def dossier_of(dossier: Dossier | None, counters: frozenset[str] | None) -> Dossier:
    """The dossier, when it exists and belongs to one of the caller's counters (None: any).

    Raises: Missing `dossier-unknown`: the same answer for both, so that codes cannot be guessed.
    """
    if dossier is None or (counters is not None and dossier.counter not in counters):
        raise Missing("dossier-unknown", "Không tìm thấy hồ sơ với mã này.")
    return dossier
