"""Issue a slip: give it its running number of the year (TT 01/2018/TT-VPCP Art 10), once for each occasion."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.intake.commands.access import dossier_of
from services.intake.domain.dossier import Dossier
from services.intake.domain.numbering import DailyNumber
from services.intake.domain.slip import Form, Slip, Slips, not_possible, occasion, require_possible
from services.intake.slips.forms import form_set_on
from services.intake.store import DOSSIERS, NUMBERS, SLIPS
from services.kit.clock import VIETNAM
from services.kit.store import Ref
from services.kit.work import Work


@dataclass(frozen=True)
class Issued:
    """The slip, and whether it was issued before."""

    slip: Slip
    dossier: Dossier
    repeated: bool


@dataclass(frozen=True)
class IssueSlip:
    """`counters`: those the caller acts for; None: all (operator)."""

    code: str
    counters: frozenset[str] | None
    form: Form
    about: int | None = None
    """Which occasion, from 1; None: the latest."""
    forced_set: str | None = None
    """See `form_set_on`."""

    def needs(self) -> Iterable[Ref]:
        yield Ref(DOSSIERS, self.code)
        yield Ref(SLIPS, self.code)

    def decide(self, work: Work, now: datetime) -> Issued:
        """Raises: Missing `dossier-unknown`, Conflict `slip-not-possible`."""
        dossier = dossier_of(work.get(DOSSIERS, self.code), self.counters)
        slips = work.get(SLIPS, self.code) or Slips()
        about = occasion(dossier, self.form, self.about)
        known = slips.find(self.form, about)
        if known is not None:
            return Issued(known, dossier, True)
        require_possible(dossier, self.form, about)
        today = now.astimezone(VIETNAM).date()
        forms = form_set_on(today, self.forced_set)
        spec = forms.find(self.form)
        if spec is None:
            raise not_possible(("form",))
        series = number_series(spec.series, dossier.counter, today.year)
        number = (work.get(NUMBERS, series) or DailyNumber()).next()
        slip = Slip(self.form, about, spec.symbol_of(number.last), now, forms.id)
        work.put(NUMBERS, series, number)
        work.put(SLIPS, self.code, Slips((*slips.issued, slip)))
        return Issued(slip, dossier, False)


def number_series(series: str, counter: str, year: int) -> str:
    """One series for each form, counter and year; closed with the year, from 01 again in the next."""
    return f"slip|{series}|{counter}|{year}"
