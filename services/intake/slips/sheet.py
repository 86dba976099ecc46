"""A slip ready to be shown: the form, its header, its fields in the form's order, its signatures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.intake.domain.dossier import Dossier
from services.intake.domain.procedure import Paper
from services.intake.domain.slip import Form, Slip
from services.intake.slips.contents import Value, Values, contents
from services.intake.slips.control_sheet import HandOverRow, hand_overs
from services.intake.slips.form_spec import Field, FormSet, FormSpec
from services.intake.slips.forms import GUIDE, RECEIVER, SUBMITTER, form_set, form_set_on
from services.intake.slips.letterhead import Letterhead
from services.kit.clock import VIETNAM


@dataclass(frozen=True)
class Signature:
    """Who signs, and their name where it is known."""

    title: str
    name: str | None = None


@dataclass(frozen=True)
class Sheet:
    """One slip."""

    spec: FormSpec
    form_set: FormSet
    office: str
    letterhead: Letterhead
    symbol: str
    dated: datetime
    values: Values
    signatures: tuple[Signature, ...] = ()
    rows: tuple[HandOverRow, ...] = ()
    code: str | None = None
    about: int | None = None
    track_url: str | None = None
    """What the QR code opens."""

    @property
    def lines(self) -> tuple[tuple[Field, Value], ...]:
        """The form's fields in its order; those that say nothing and may be left out are."""
        filled = ((field, self.values.get(field.key)) for field in self.spec.fields)
        return tuple((field, value) for field, value in filled if value or not field.optional)

    @property
    def dated_text(self) -> str:
        """Địa danh, ngày tháng năm."""
        return self.letterhead.dated(self.dated)

    def data(self) -> dict[str, Any]:
        """For programs."""
        return {
            "form": self.spec.form.value,
            "form_set": self.form_set.id,
            "basis": self.form_set.basis,
            "number": self.spec.number,
            "title": self.spec.title,
            "paper": self.spec.paper.value,
            "code": self.code,
            "about": self.about,
            "organisation": self.letterhead.organisation or None,
            "office": self.office,
            "symbol": self.symbol,
            "dated": self.dated,
            "dated_text": self.dated_text,
            "fields": [{"key": field.key, "label": field.label, "value": value} for field, value in self.lines],
            "columns": [{"key": column.key, "label": column.label} for column in self.spec.columns],
            "rows": [_row(row) for row in self.rows],
            "signatures": [{"title": signature.title, "name": signature.name} for signature in self.signatures],
            "track_url": self.track_url,
        }


@dataclass(frozen=True)
class Printer:
    """Makes sheets of one installation."""

    letterhead: Letterhead = field(default_factory=Letterhead)
    forced_set: str | None = None
    """See `form_set_on`."""

    def set_on(self, at: datetime) -> FormSet:
        return form_set_on(at.astimezone(VIETNAM).date(), self.forced_set)

    def printed(self, form: Form, dossier: Dossier, papers: tuple[Paper, ...] = ()) -> Sheet:
        """A receipt or control sheet, dated when the dossier was received."""
        forms = self.set_on(dossier.received_at)
        return self._sheet(forms, form, dossier, 1, forms.spec(form).symbol_of(None), dossier.received_at, papers)

    def issued(self, slip: Slip, dossier: Dossier) -> Sheet:
        """A slip as it was issued."""
        return self._sheet(form_set(slip.form_set), slip.form, dossier, slip.about, slip.symbol, slip.issued_at)

    def _sheet(
        self,
        forms: FormSet,
        form: Form,
        dossier: Dossier,
        about: int,
        symbol: str,
        dated: datetime,
        papers: tuple[Paper, ...] = (),
    ) -> Sheet:
        spec = forms.spec(form)
        return Sheet(
            spec=spec,
            form_set=forms,
            office=self.letterhead.counter(dossier.counter),
            letterhead=self.letterhead,
            symbol=symbol,
            dated=dated,
            values=contents(form, dossier, about, papers, self.letterhead),
            signatures=tuple(Signature(title, _names(dossier).get(title)) for title in spec.signatures),
            rows=hand_overs(dossier, self.letterhead) if form is Form.CONTROL_SHEET else (),
            code=dossier.code,
            about=about,
            track_url=self.letterhead.tracking_url(dossier.code) if form is Form.RECEIPT else None,
        )


def _names(dossier: Dossier) -> Mapping[str, str | None]:
    """Who is known to sign as what."""
    hands_in = dossier.submitter or dossier.mandated or dossier.applicant
    return {SUBMITTER: hands_in.full_name, RECEIVER: dossier.clerk, GUIDE: dossier.clerk}


def _row(row: HandOverRow) -> dict[str, Any]:
    return {
        "giver": row.giver,
        "receiver": row.receiver,
        "given_at": row.given_at,
        "taken_at": row.taken_at,
        "result": row.result.value if row.result else None,
        "result_text": row.result_text,
        "note": row.note,
        "given_by": row.given_by,
    }
