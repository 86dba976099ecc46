"""Import a catalogue file: first read and judged as a whole, then published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from services.intake.catalogue_file import CatalogueFile
from services.intake.commands.publish_procedure import PublishProcedure
from services.kit.commit import Committer
from services.kit.ids import new_id
from services.kit.work import Cause, Item

CHUNK = 100


@dataclass(frozen=True)
class ImportReport:
    """What became of the rows."""

    added: int
    changed: int
    unchanged: int
    refused: int
    without_limit: int


async def import_catalogue(
    committer: Committer, file: CatalogueFile, on_progress: Callable[[int], None] = lambda done: None
) -> ImportReport:
    """Publish every procedure of a read file. The same file again changes nothing: repeat a broken-off import."""
    cause = Cause(new_id())
    changes: Counter[str] = Counter()
    for start in range(0, len(file.procedures), CHUNK):
        chunk = file.procedures[start : start + CHUNK]
        changes.update(await committer.run_all([Item(PublishProcedure(procedure), cause) for procedure in chunk]))
        on_progress(start + len(chunk))
    return ImportReport(
        changes["added"], changes["changed"], changes["unchanged"], len(file.refused), file.without_limit
    )
