"""Put the policy of a file in force: hand-over hours, warnings, escalation, substitutes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from contracts.problems import Invalid
from services.kit.store import Ref
from services.kit.work import Work
from services.routing.domain.directory import Directory
from services.routing.domain.policy import ABOVE, ITSELF, PolicyRevision
from services.routing.policies.read import PolicyFile
from services.routing.store import DIRECTORY, POLICIES, THE_DIRECTORY, THE_POLICY
from services.routing.workflows.entries import Cell, RefusedRow
from services.routing.workflows.text import meant, quoted

MOST_FAULTS = 50


@dataclass(frozen=True)
class PolicyImported:
    """What an import did, or would do."""

    before: PolicyRevision
    after: PolicyRevision
    stored: bool

    @property
    def changed(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True)
class ImportPolicy:
    """Replace the policy by a file's. The same one again changes nothing."""

    file: PolicyFile
    dry_run: bool = False

    def needs(self) -> Iterable[Ref]:
        yield Ref(POLICIES, THE_POLICY)
        yield Ref(DIRECTORY, THE_DIRECTORY)

    def decide(self, work: Work, now: datetime) -> PolicyImported:
        """Raises: Invalid `policy-refused`: `faults` names every line with its slug (`policy-…`, `agency-unknown`)."""
        directory = work.get(DIRECTORY, THE_DIRECTORY) or Directory()
        refused = [*self.file.refused, *_strangers(self.file.agencies, directory)]
        if refused:
            raise _refusal(refused)
        before = work.get(POLICIES, THE_POLICY) or PolicyRevision()
        if self.file.policy == before.policy:
            return PolicyImported(before, before, stored=False)
        after = PolicyRevision(self.file.policy, before.revision + 1)
        if not self.dry_run:
            work.put(POLICIES, THE_POLICY, after)
        return PolicyImported(before, after, stored=not self.dry_run)


def _strangers(cells: Iterable[Cell], directory: Directory) -> Iterator[RefusedRow]:
    known = directory.by_code()
    for cell in cells:
        if cell.text not in known:
            near = meant(cell.text, (*known, ABOVE, ITSELF))
            words = f"Dòng {cell.line}: danh mục cơ quan không có {quoted(cell.text)}.{near}"
            yield RefusedRow(cell.line, "agency-unknown", words)


def _refusal(refused: list[RefusedRow]) -> Invalid:
    refused = sorted(refused, key=lambda row: row.line)
    more = f" Còn {len(refused) - 1} lỗi khác." if len(refused) > 1 else ""
    told = [{"line": row.line, "slug": row.slug, "reason": row.reason} for row in refused[:MOST_FAULTS]]
    words = f"Tệp quy định bị từ chối cả tệp. {refused[0].reason}{more}"
    return Invalid("policy-refused", words, faults=told, count=len(refused))
