"""What a form is made of, and a set of forms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.intake.domain.slip import Form


class Paper(StrEnum):
    """Khổ giấy (TT 01/2018/TT-VPCP Art 9)."""

    A5 = "a5"
    A4 = "a4"
    A4_LANDSCAPE = "a4-landscape"


@dataclass(frozen=True)
class Field:
    """One line of a form."""

    key: str
    label: str
    optional: bool = False
    """Left out when there is nothing to say ("nếu có"); the others then show a dotted line."""


@dataclass(frozen=True)
class Column:
    """One column of a form's table."""

    key: str
    label: str
    group: str = ""
    """Heading over several columns."""


@dataclass(frozen=True)
class FormSpec:
    """One form."""

    form: Form
    number: str
    """Mẫu số."""
    title: str
    paper: Paper
    series: str
    """Its running numbers are counted under this name."""
    symbol: str
    """Số, ký hiệu; `{number}` is the running number."""
    fields: tuple[Field, ...] = ()
    columns: tuple[Column, ...] = ()
    signatures: tuple[str, ...] = ()

    def symbol_of(self, number: int | None) -> str:
        """With its number, from 01 (TT 01/2018 Art 10); dots where it is written by hand."""
        return self.symbol.format(number="……" if number is None else f"{number:02d}")


@dataclass(frozen=True)
class FormSet:
    """The forms of one circular (bộ mẫu)."""

    id: str
    basis: str
    valid_from: date
    valid_until: date | None
    forms: tuple[FormSpec, ...]

    def find(self, form: Form) -> FormSpec | None:
        return next((spec for spec in self.forms if spec.form is form), None)

    def spec(self, form: Form) -> FormSpec:
        """Of a form that every set has, or that a slip was issued on."""
        found = self.find(form)
        assert found is not None
        return found
