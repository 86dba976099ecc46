"""Where intake keeps its aggregates."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, IndexModel

from services.intake.domain.dossier import Dossier
from services.intake.domain.informed import Informed
from services.intake.domain.numbering import DailyNumber
from services.intake.domain.procedure import Procedure
from services.kit.store import Store


@dataclass(frozen=True)
class Request:
    """A registration that was answered: the same key again gets the same dossier."""

    fingerprint: str
    code: str
    at: datetime


def fold(text: str) -> list[str]:
    """Words without diacritics, for search: `Đăng ký khai sinh` -> dang, ky, khai, sinh."""
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    letters = "".join(c for c in plain if not unicodedata.combining(c)).lower()
    return re.findall(r"[a-z0-9]+", letters)


def _procedure_search(procedure: Procedure) -> Mapping[str, Any]:
    return {"words": sorted({*fold(procedure.name), *fold(procedure.field), procedure.code.lower()})}


DOSSIERS: Store[Dossier] = Store(
    "dossiers",
    Dossier,
    # One secondary index: each costs every write. The desk's lists ask by counter and status.
    indexes=(IndexModel([("counter", ASCENDING), ("status", ASCENDING), ("received_at", ASCENDING)], name="desk"),),
)
PROCEDURES: Store[Procedure] = Store(
    "procedures",
    Procedure,
    indexes=(IndexModel([("words", ASCENDING)], name="words"),),
    derived=_procedure_search,
)
"""The version in use, by code."""
PROCEDURE_VERSIONS: Store[Procedure] = Store("procedure_versions", Procedure)
"""Every version ever published, by `code@version`."""
NUMBERS: Store[DailyNumber] = Store("numbers", DailyNumber)
REQUESTS: Store[Request] = Store("requests", Request)
INFORMED: Store[Informed] = Store("informed", Informed)
"""By dossier code."""

STORES = (DOSSIERS, PROCEDURES, PROCEDURE_VERSIONS, NUMBERS, REQUESTS, INFORMED)
