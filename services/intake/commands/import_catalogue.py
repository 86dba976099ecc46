"""Import a catalogue file: judged as a whole, then published as a whole, in one transaction.

A file with refused rows is not imported at all, unless the caller says to skip them: half a catalogue would put the
counters to work with the old and the new law side by side. The dry run is the same decision without the publishing, so
what it reports is what the import does as long as nobody else publishes in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.problems import Missing
from services.intake.catalogue import CatalogueFile, Entry, ImportReport, RefusedRow, ReportRow
from services.intake.commands.publish_procedure import Judgement, judge, new_edition, publish
from services.intake.domain.procedure import Procedure
from services.intake.store import CATALOGUE, PROCEDURES
from services.kit.commit import Committer
from services.kit.ids import new_id
from services.kit.store import Ref
from services.kit.work import Cause, Item, Work


@dataclass(frozen=True)
class ImportCatalogue:
    """Publish every procedure of a file that was read. The same file again changes nothing."""

    file: CatalogueFile
    skip_refused: bool = False
    """Publish the good rows although others are refused."""
    dry_run: bool = False
    """Judge and report only."""

    def needs(self) -> Iterable[Ref]:
        yield Ref(CATALOGUE, "edition")
        for entry in self.file.entries:
            yield Ref(PROCEDURES, entry.code)

    def decide(self, work: Work, now: datetime) -> ImportReport:
        judged: list[tuple[Entry, Judgement]] = []
        refused = list(self.file.refused)
        for entry in self.file.entries:
            current = work.get(PROCEDURES, entry.code)
            try:
                judged.append((entry, judge(current, _proposed(entry, current))))
            except Missing as error:
                refused.append(RefusedRow(entry.line, error.slug, error.message, entry.part, entry.code))
        stored = not self.dry_run and (self.skip_refused or not refused)
        new = [judgement.procedure for _, judgement in judged if judgement.change != "unchanged"]
        if stored and new:
            for procedure in new:
                publish(work, procedure, now)
            new_edition(work)
        rows = sorted(_rows(judged, refused, self.file.doubtful), key=lambda row: (row.part != "procedures", row.line))
        without_limit = sum(judgement.procedure.limit_value is None for _, judgement in judged)
        return ImportReport(tuple(rows), without_limit, self.dry_run, stored)


async def import_catalogue(
    committer: Committer, file: CatalogueFile, *, skip_refused: bool = False, dry_run: bool = False
) -> ImportReport:
    """Judge a file against what is in use and publish it; `stored` in the report says whether that happened.

    Raises: Stale, Unavailable.
    """
    decision = ImportCatalogue(file, skip_refused, dry_run)
    # By itself, not with the clerks' decisions of the moment: none of them shall wait for a catalogue.
    [report] = await committer.run_all([Item(decision, Cause(new_id()))])
    assert isinstance(report, ImportReport)
    return report


def _proposed(entry: Entry, current: Procedure | None) -> Procedure:
    procedure = entry.procedure or current
    if procedure is None:
        raise Missing(
            "procedure-unknown", f"Không có thủ tục {entry.code} trong danh mục để nhận danh sách giấy tờ này."
        )
    if entry.papers is not None:
        return replace(procedure, papers=entry.papers)
    return replace(procedure, papers=current.papers if current else ())


def _rows(
    judged: Iterable[tuple[Entry, Judgement]], refused: Iterable[RefusedRow], doubtful: Iterable[RefusedRow]
) -> Iterator[ReportRow]:
    for entry, judgement in judged:
        name = judgement.procedure.name
        yield ReportRow(entry.part, entry.line, entry.code, name, judgement.change, judgement.fields)
    for row in refused:
        yield ReportRow(row.part, row.line, row.code, "", "refused", slug=row.slug, reason=row.reason)
    for row in doubtful:
        yield ReportRow(row.part, row.line, row.code, "", "doubtful", slug=row.slug, reason=row.reason)
