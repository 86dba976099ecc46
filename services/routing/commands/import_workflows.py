"""Put the workflows of a file in place (quy trình nội bộ), for dossiers to come: open ones keep their own steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.kit.commit import Committer
from services.kit.ids import new_id
from services.kit.store import Ref
from services.kit.work import Cause, Item, Work
from services.routing.domain.directory import Directory
from services.routing.domain.workflow import Workflow
from services.routing.queries.workflows import known_versions
from services.routing.store import DIRECTORY, THE_DIRECTORY, WORKFLOWS, workflow_id
from services.routing.workflows.entries import Draft, Entry, RefusedRow, WorkflowFile
from services.routing.workflows.judge import Known, check_time
from services.routing.workflows.report import MOST_ERRORS, ImportReport, Outcome, ReportRow


@dataclass(frozen=True)
class ImportWorkflows:
    """Replace the workflows of the named procedure versions, all of the file or nothing. Again changes nothing."""

    file: WorkflowFile
    versions: Mapping[str, Sequence[int]]
    """By procedure code: the known ones, the one in use last."""
    dry_run: bool = False

    def needs(self) -> Iterable[Ref]:
        yield Ref(DIRECTORY, THE_DIRECTORY)
        for entry in self.file.entries:
            if (version := self._version(entry)) is not None:
                yield Ref(WORKFLOWS, workflow_id(entry.code, version))

    def decide(self, work: Work, now: datetime) -> ImportReport:
        known = Known(work.get(DIRECTORY, THE_DIRECTORY) or Directory())
        refused = list(self.file.refused)
        lines: dict[str, int] = {}
        judged: list[tuple[Entry, Workflow, Workflow]] = []
        for entry in self.file.entries:
            refused += known.strangers(entry)
            version = self._version(entry)
            if version is None:
                refused += self._unknown(entry)
                continue
            id = workflow_id(entry.code, version)
            if id in lines:
                words = f"Dòng {entry.line}: quy trình của {id} đã có ở dòng {lines[id]}."
                refused.append(RefusedRow(entry.line, "workflow-repeated", words, entry.code))
            lines.setdefault(id, entry.line)
            current = work.get(WORKFLOWS, id)
            assert current is not None  # a version that was known stays known
            if entry.draft is not None:
                refused += filter(None, [check_time(entry, entry.draft, current)])
                judged.append((entry, current, _replaced(current, entry.draft)))
        if refused:
            return _refusal(refused, dry_run=self.dry_run)
        for _, current, following in judged:
            if following is not current and not self.dry_run:
                work.put(WORKFLOWS, workflow_id(following.procedure_code, following.version), following)
        rows = tuple(_row(entry, current, following) for entry, current, following in judged)
        return ImportReport(rows, 0, self.dry_run, stored=not self.dry_run)

    def _version(self, entry: Entry) -> int | None:
        """None: there is no such procedure or version."""
        versions = self.versions.get(entry.code, ())
        if entry.version is None:
            return versions[-1] if versions else None
        return entry.version if entry.version in versions else None

    def _unknown(self, entry: Entry) -> Iterable[RefusedRow]:
        if not entry.code:
            return  # refused where it was read
        versions = self.versions.get(entry.code)
        if versions is None:
            words = f"Dòng {entry.line}: không có thủ tục {entry.code} trong danh mục đang công bố."
            yield RefusedRow(entry.line, "procedure-unknown", words, entry.code)
        else:
            line = entry.version_line
            words = (
                f"Dòng {line}: thủ tục {entry.code} không có phiên bản {entry.version}; có "
                f"{', '.join(map(str, versions[-5:]))}."
            )
            yield RefusedRow(line, "procedure-version-unknown", words, entry.code)


async def import_workflows(committer: Committer, file: WorkflowFile, *, dry_run: bool = False) -> ImportReport:
    """Judge a read file against what is known and put it in place; `stored` in the report says whether that happened.

    Raises: Stale, Unavailable.
    """
    codes = dict.fromkeys(entry.code for entry in file.entries if entry.code)
    versions = await known_versions(committer.mongo, codes)
    [report] = await committer.run_all([Item(ImportWorkflows(file, versions, dry_run), Cause(new_id()))])
    assert isinstance(report, ImportReport)
    return report


def _replaced(current: Workflow, draft: Draft) -> Workflow:
    """With the steps of the file; the current one itself where those are its already."""
    if current.revision and (current.steps, current.in_hours) == (draft.steps, draft.in_hours):
        return current
    return replace(current, steps=draft.steps, in_hours=draft.in_hours, revision=current.revision + 1)


def _refusal(refused: Sequence[RefusedRow], *, dry_run: bool) -> ImportReport:
    faults = sorted(refused, key=lambda row: row.line)
    rows = [
        ReportRow(row.line, row.procedure, None, "refused", slug=row.slug, reason=row.reason)
        for row in faults[:MOST_ERRORS]
    ]
    return ImportReport(tuple(rows), len(faults), dry_run, stored=False)


def _row(entry: Entry, current: Workflow, following: Workflow) -> ReportRow:
    outcome: Outcome = "unchanged" if following is current else "changed"
    steps, revision = len(following.steps), following.revision
    return ReportRow(entry.line, entry.code, following.version, outcome, steps, revision)
