"""Against what is known: the directory of agencies, and the published procedure."""

from __future__ import annotations

from collections.abc import Iterator

from services.routing.domain.directory import GENERIC_LEVELS, Directory, fold_name
from services.routing.domain.workflow import Workflow
from services.routing.workflows.entries import Draft, Entry, RefusedRow
from services.routing.workflows.text import meant, quoted
from services.routing.workflows.ways import check_hours


class Known:
    """The agencies as files may name them."""

    def __init__(self, directory: Directory) -> None:
        self._codes = frozenset(agency.code for agency in directory.agencies)
        self._names = {fold_name(agency.name): agency.name for agency in directory.agencies}

    def strangers(self, entry: Entry) -> Iterator[RefusedRow]:
        """Agencies that the directory knows neither by code nor by name, for any unit; and units it does not know."""
        for cell in entry.agencies:
            folded = fold_name(cell.text)
            generic = bool(self._codes) and folded in GENERIC_LEVELS
            if cell.text in self._codes or folded in self._names or generic:
                continue
            near = meant(cell.text, (*self._names.values(), *self._codes))
            words = f"Dòng {cell.line}: danh mục cơ quan không có {quoted(cell.text)}.{near}"
            yield RefusedRow(cell.line, "agency-unknown", words, entry.code)
        for cell in entry.units:
            if cell.text not in self._codes:
                near = meant(cell.text, self._codes)
                words = f"Dòng {cell.line}: danh mục cơ quan không có đơn vị {quoted(cell.text)}.{near}"
                yield RefusedRow(cell.line, "workflow-unit-unknown", words, entry.code)


def check_time(entry: Entry, draft: Draft, published: Workflow) -> RefusedRow | None:
    """Hours against the published limit; fractions need none."""
    row = check_hours(draft, published.limits, entry.line) if draft.in_hours else None
    return row and RefusedRow(row.line, row.slug, row.reason, entry.code)
