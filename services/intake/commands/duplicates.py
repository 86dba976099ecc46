"""The warning that a person has an open dossier of the same procedure (hồ sơ trùng)."""

from __future__ import annotations

import hashlib

from contracts.problems import Conflict
from services.intake.domain.people import Applicant
from services.intake.domain.status import ENDED
from services.intake.store import DOSSIERS, FILINGS_OF_A_PERSON, FilingsOfAPerson
from services.kit.work import Work

LAST_KEPT = 50


def person_id(applicant: Applicant, procedure_code: str) -> str | None:
    """Key of a person's dossiers of one procedure; None when nothing tells the person from others."""
    known = applicant.id_number or (applicant.phone and f"{applicant.phone}|{applicant.full_name.casefold()}")
    return None if not known else hashlib.sha256(f"{known}|{procedure_code}".encode()).hexdigest()


def warn_of_duplicates(work: Work, person: str | None, *, confirmed: bool) -> None:
    """Raises: Conflict `duplicate-suspected` with the open dossiers, unless the clerk has seen and confirmed."""
    if person is None or confirmed:
        return
    filings = work.get(FILINGS_OF_A_PERSON, person)
    codes = filings.codes if filings is not None else ()
    dossiers = work.get_all(DOSSIERS, codes)
    open_ones = [dossier.code for dossier in dossiers if dossier is not None and dossier.status not in ENDED]
    if open_ones:
        raise Conflict(
            "duplicate-suspected",
            "Người này có hồ sơ cùng thủ tục chưa giải quyết xong. Nếu vẫn nộp thêm, hãy xác nhận rồi gửi lại.",
            duplicates=open_ones,
        )


def remember_filing(work: Work, person: str | None, code: str) -> None:
    """Note the new dossier under its person."""
    if person is None:
        return
    before = work.get(FILINGS_OF_A_PERSON, person) or FilingsOfAPerson()
    work.put(FILINGS_OF_A_PERSON, person, FilingsOfAPerson((*before.codes, code)[-LAST_KEPT:]))
