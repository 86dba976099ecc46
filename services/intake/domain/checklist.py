"""The checklist of required papers (thành phần hồ sơ): what was handed in, what lacks, what changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contracts.problems import Conflict, Invalid
from contracts.types import PaperState
from services.intake.domain.procedure import Paper

NEEDS_REASON = frozenset({PaperState.REPLACED, PaperState.NOT_APPLICABLE, PaperState.MISSING})


@dataclass(frozen=True)
class Line:
    """One paper of the published list, as it stands."""

    paper: int
    """Its number, from 1."""
    state: PaperState
    reason: str | None = None


@dataclass(frozen=True)
class Change:
    """What a supplement did to one paper; shown to those who look again."""

    paper: int
    before: PaperState | None
    """None: the paper was not on the checklist."""
    after: PaperState


def check(papers: Sequence[Paper], lines: Iterable[Line]) -> tuple[Line, ...]:
    """The lines in the order of the papers.

    Raises: Invalid `paper-unknown`, `paper-repeated`, `paper-reason-missing`.
    """
    found: dict[int, Line] = {}
    for line in lines:
        if not 1 <= line.paper <= len(papers):
            raise Invalid("paper-unknown", f"Thủ tục này không có giấy tờ số {line.paper}.", paper=line.paper)
        if line.paper in found:
            raise Invalid("paper-repeated", f"Giấy tờ số {line.paper} được khai hai lần.", paper=line.paper)
        if line.state in NEEDS_REASON and line.reason is None:
            words = f"Giấy tờ số {line.paper} không nộp thì phải ghi lý do."
            raise Invalid("paper-reason-missing", words, paper=line.paper)
        found[line.paper] = line
    return tuple(found[number] for number in sorted(found))


def lacking(papers: Sequence[Paper], lines: Iterable[Line]) -> tuple[int, ...]:
    """Numbers of the papers that lack: said to be missing, or always required and not mentioned."""
    stated = {line.paper: line.state for line in lines}
    return tuple(
        number
        for number, paper in enumerate(papers, start=1)
        if stated.get(number) is PaperState.MISSING or (paper.always and number not in stated)
    )


def require_complete(papers: Sequence[Paper], lines: Sequence[Line]) -> None:
    """The receipt is given only for a complete dossier (NĐ 61/2018 Art 17.1).

    Raises: Conflict `checklist-incomplete` with the numbers and names of the papers that lack.
    """
    numbers = lacking(papers, lines)
    if numbers:
        names = [papers[number - 1].name for number in numbers]
        raise Conflict(
            "checklist-incomplete",
            "Hồ sơ chưa đủ giấy tờ nên chưa in được giấy tiếp nhận. Hãy yêu cầu bổ sung (Mẫu 02) hoặc từ chối.",
            papers=list(numbers),
            names=names,
        )


def merge(before: Sequence[Line], brought: Sequence[Line]) -> tuple[tuple[Line, ...], tuple[Change, ...]]:
    """The checklist after more papers came, and what changed."""
    lines = {line.paper: line for line in before}
    changes = []
    for line in brought:
        old = lines.get(line.paper)
        if old is None or old.state is not line.state:
            changes.append(Change(line.paper, old.state if old else None, line.state))
        lines[line.paper] = line
    return tuple(lines[number] for number in sorted(lines)), tuple(changes)
