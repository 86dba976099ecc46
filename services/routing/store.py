"""Where routing keeps its aggregates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo import ASCENDING, IndexModel

from contracts.types import Mechanism, Timeliness
from services.kit import limiter
from services.kit.store import Store
from services.kit.worktime.edition import CalendarEdition
from services.routing.domain.case import Case, Transfer, TransferState
from services.routing.domain.directory import Directory
from services.routing.domain.policy import PolicyRevision
from services.routing.domain.recomputation import Recomputation
from services.routing.domain.stuck import has_owner
from services.routing.domain.workflow import Workflow
from services.routing.tallies import INDEXES as TALLY_INDEXES
from services.routing.tallies import TALLIES
from services.routing.webhooks.store import STORES as WEBHOOKS

THE_DIRECTORY = "current"
THE_CALENDAR = "current"
THE_POLICY = "current"


EVER: Mapping[str, Any] = {"$gte": datetime(1900, 1, 1, tzinfo=UTC)}
"""Any moment. What is asked for as a range, every engine reads from an index that is limited to the same range; with
`$exists` some do not see that they may."""


def _inbox_index(name: str, *filters: str) -> IndexModel:
    """Of what lies in a box, in the order in which it is shown. With `$gt` every engine sees that it holds what is
    asked for; with `$exists` the embedded one does not."""
    return IndexModel(
        [(field, ASCENDING) for field in ("agency", "box", *filters, "due_at", "_id")],
        name=name,
        partialFilterExpression={"box": {"$gt": ""}},
    )


def _open_work(case: Case) -> Mapping[str, Any]:
    """Set only while there is something to do or to wait for."""
    if not case.open:
        return {}
    found: dict[str, Any] = {"open_since": case.received_at}
    if case.stop is None:
        found["open_due"] = case.due_at
    else:
        found["stopped"] = case.stop.kind.value
        if not case.backfill:
            found["waits_since"] = case.stop.since
    if case.timers:
        found["timer_at"] = case.timers[0].at
    if case.unplaced:
        found["unplaced_since"] = case.received_at
    if case.signer is not None:
        found["to_sign"] = case.signer
    if not has_owner(case) or not (case.timers or case.backfill):
        found["neglected_since"] = case.received_at
    if silent := [transfer.accept_by for transfer in _offered(case) if transfer.accept_by is not None]:
        found["accept_by"] = min(silent)
    return found


def _offered(case: Case) -> Iterator[Transfer]:
    """Hand-overs that nobody has answered yet."""
    for number in case.active:
        transfer = case.transfer_of(number)
        if transfer is not None and transfer.state is TransferState.OFFERED:
            yield transfer


CASES: Store[Case] = Store(
    "cases",
    Case,
    indexes=(
        IndexModel(
            [("open_since", ASCENDING), ("_id", ASCENDING)],
            name="open-since",
            partialFilterExpression={"open_since": EVER},
        ),
        # Sparse holds open work only, not the past.
        IndexModel([("open_due", ASCENDING)], name="open-due", sparse=True),
        IndexModel([("stopped", ASCENDING)], name="stopped", sparse=True),
        IndexModel([("timer_at", ASCENDING)], name="timer", sparse=True),
        IndexModel([("unplaced_since", ASCENDING)], name="unplaced", sparse=True),
        IndexModel([("to_sign", ASCENDING)], name="to-sign", sparse=True),
        IndexModel([("waits_since", ASCENDING)], name="waits", sparse=True),
        IndexModel([("neglected_since", ASCENDING)], name="neglected", sparse=True),
        IndexModel([("accept_by", ASCENDING)], name="accept-by", sparse=True),
    ),
    derived=_open_work,
)


@dataclass(frozen=True)
class CasePlace:
    """What never changes of a case, for counting what came of it."""

    unit: str
    field: str
    procedure_code: str
    mechanism: Mechanism
    first_timeliness: Timeliness | None = None


PLACES: Store[CasePlace] = Store("cases", CasePlace, view=True)
WORKFLOWS: Store[Workflow] = Store("workflows", Workflow, reference=True)
"""By `procedure code@version`."""
DIRECTORY: Store[Directory] = Store("directory", Directory, reference=True)
"""One document: a province has some hundred agencies, read as a whole with each batch."""
CALENDARS: Store[CalendarEdition] = Store("calendars", CalendarEdition, reference=True)
"""One document: the version in force."""
POLICIES: Store[PolicyRevision] = Store("policies", PolicyRevision, reference=True)
"""One document."""
RECOMPUTATIONS: Store[Recomputation] = Store("recomputations", Recomputation)
"""One document a run; ids follow time."""
RECOMPUTED = "recomputed"
"""What a run did to each dossier that it changed or could not count: `<run>/<code>`."""
TRANSFERS = "transfers"
"""Every hand-over as a document of its own, for inboxes and partners: derived from the case, `<code>/<number>`."""

STORES: Sequence[Store[Any]] = (CASES, WORKFLOWS, DIRECTORY, CALENDARS, POLICIES, RECOMPUTATIONS, *WEBHOOKS)
MORE: Mapping[str, Sequence[IndexModel]] = {
    **limiter.INDEXES,
    TRANSFERS: (
        _inbox_index("inbox"),
        _inbox_index("inbox-procedure", "procedure_code"),
        _inbox_index("inbox-counter", "counter"),
        _inbox_index("inbox-officer", "officer"),
        IndexModel([(name, ASCENDING) for name in ("agency", "changed_at", "_id")], name="changes"),
        IndexModel([("changed_at", ASCENDING)], name="news"),
    ),
    TALLIES: TALLY_INDEXES,
    RECOMPUTED: (),
}
"""Collections that are not aggregates."""


def workflow_id(procedure_code: str, version: int) -> str:
    return f"{procedure_code}@{version}"
