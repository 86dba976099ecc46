"""Import an old register (sổ theo dõi hồ sơ) as backfill: no timers, no notices, counted under its own dates.

Row by row, fifty in one transaction: a good row is not held up by a bad one, and an import that was broken off is
begun again from the start, because a row that is there already changes nothing. The dry run makes the same decisions
on the same state and stores none of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from contracts.problems import Invalid, Missing, Refused
from contracts.types import Channel, HandOverMethod
from services.intake.commands.application import Application, fingerprint
from services.intake.commands.register_dossier import History, RegisterDossier, Registered
from services.intake.domain.dossier import HandOver
from services.intake.register import Entry, RegisterFile, RegisterReport, ReportRow
from services.intake.search_words import folded
from services.intake.store import PROCEDURES
from services.kit.clock import VIETNAM
from services.kit.commit import Committer
from services.kit.ids import new_id
from services.kit.mongo import Mongo
from services.kit.work import Cause, Item, Work, decide_all

CHUNK = 50
_NATIONAL = slice(0, len("d.dddddd"))
CHANGED = frozenset({"idempotency-key-reused", "external-ref-reused"})


@dataclass(frozen=True)
class Procedures:
    """The procedures in use, by the names that books give them."""

    codes: frozenset[str]
    by_national: dict[str, list[str]]
    """Codes by the national part: a book of another year may lack the local suffix, or have its long form."""
    by_name: dict[str, list[str]]

    @classmethod
    async def read(cls, mongo: Mongo) -> Procedures:
        by_national: defaultdict[str, list[str]] = defaultdict(list)
        by_name: defaultdict[str, list[str]] = defaultdict(list)
        async for document in mongo.collection(PROCEDURES.collection).find({}, {"name": 1}):
            by_national[document["_id"][_NATIONAL]].append(document["_id"])
            by_name[folded(document["name"])].append(document["_id"])
        return cls(frozenset(code for codes in by_national.values() for code in codes), by_national, by_name)

    def code_of(self, entry: Entry) -> str:
        """Raises: Missing `procedure-unknown`, Invalid `procedure-ambiguous`."""
        if entry.procedure_code in self.codes:
            return entry.procedure_code
        if entry.procedure_code:
            found = self.by_national.get(entry.procedure_code[_NATIONAL], [])
        else:
            found = self.by_name.get(folded(entry.procedure_name), [])
        if not found:
            raise Missing("procedure-unknown", "Không có thủ tục này trong danh mục đang công bố.")
        if len(found) > 1:
            words = f"Có {len(found)} thủ tục cùng mã hoặc tên này; hãy ghi rõ mã TTHC: {', '.join(sorted(found)[:5])}."
            raise Invalid("procedure-ambiguous", words)
        return found[0]


async def import_register(
    committer: Committer,
    counter: str,
    file: RegisterFile,
    *,
    dry_run: bool = False,
    on_progress: Callable[[int], None] = lambda done: None,
) -> RegisterReport:
    """Register every row of a read file that can be.

    Raises: Stale, Unavailable: rows reported so far are stored; run it again.
    """
    procedures = await Procedures.read(committer.mongo)
    cause = Cause(new_id())
    rows = [
        ReportRow(note.place.sheet, note.place.line, "refused", "", note.slug, note.reason) for note in file.refused
    ]
    taken: set[tuple[str, int]] = set()
    for start in range(0, len(file.entries), CHUNK):
        chunk = file.entries[start : start + CHUNK]
        for row in await _register(committer, counter, chunk, procedures, cause, dry_run=dry_run):
            rows.append(row)
            if row.became != "refused":
                taken.add((row.sheet, row.line))
        on_progress(start + len(chunk))
    for note in file.doubtful:
        if (note.place.sheet, note.place.line) in taken:
            rows.append(ReportRow(note.place.sheet, note.place.line, "doubtful", "", note.slug, note.reason))
    return RegisterReport(tuple(sorted(rows, key=lambda row: (row.sheet, row.line))), dry_run)


async def _register(
    committer: Committer, counter: str, chunk: Sequence[Entry], procedures: Procedures, cause: Cause, *, dry_run: bool
) -> Iterator[ReportRow]:
    decisions: dict[int, RegisterDossier] = {}
    refused: dict[int, Refused] = {}
    for place, entry in enumerate(chunk):
        try:
            decisions[place] = as_command(counter, entry, procedures.code_of(entry))
        except Refused as error:
            refused[place] = error
    items = [Item(decision, cause) for decision in decisions.values()]
    if dry_run:
        work = Work(committer.source, committer.now())
        results = await decide_all(committer.mongo, work, items, Refused)
    else:
        results = await committer.run_all(items)
    became = refused | dict(zip(decisions, results, strict=True))
    return (_row(entry, became[place], dry_run=dry_run) for place, entry in enumerate(chunk))


def as_command(counter: str, entry: Entry, procedure_code: str) -> RegisterDossier:
    """A row as a registration that has happened long ago."""
    by_post = entry.method is HandOverMethod.POST
    application = Application(
        counter=counter,
        procedure_code=procedure_code,
        channel=Channel.COUNTER,
        applicant=entry.applicant,
        # The book tells how the result was received. Where to send it matters only as long as it has not been.
        return_by=HandOverMethod.COUNTER if by_post and entry.applicant.address is None else entry.method,
        external_ref=entry.reference,
    )
    at = entry.returned_at
    returned = HandOver.of_old(at, entry.method) if at is not None else None
    history = History(entry.code, entry.due_at, entry.resolved_at, entry.outcome, returned)
    return RegisterDossier(
        request_id=f"register|{counter}|{entry.reference}",
        # With its history: a book of later date that tells more of the same dossier is not silently passed over.
        fingerprint=fingerprint(f"{application.content}|{_story(entry)}".encode()),
        application=application,
        received_at=entry.received_at,
        backfill=True,
        history=history,
    )


def _story(entry: Entry) -> str:
    """Days, not moments: a day without a time is another moment tomorrow than today."""
    moments = (entry.received_at, entry.due_at, entry.resolved_at, entry.returned_at)
    days = [moment and moment.astimezone(VIETNAM).date() for moment in moments]
    return "|".join(map(str, (entry.code, *days, entry.outcome, entry.method)))


def _row(entry: Entry, result: Registered | Refused, *, dry_run: bool) -> ReportRow:
    sheet, line = entry.place.sheet, entry.place.line
    if isinstance(result, Refused):
        if result.slug in CHANGED:
            words = "Dòng này đã được nhập trước đây với nội dung khác; hồ sơ đã nhập không thay đổi."
            return ReportRow(sheet, line, "refused", entry.code or "", "register-row-changed", words)
        return ReportRow(sheet, line, "refused", entry.code or "", result.slug, result.message)
    known = result.repeated or not dry_run
    return ReportRow(
        sheet, line, "repeated" if result.repeated else "registered", result.code if known else entry.code or ""
    )
