"""Routing with its clock in the test's hand, and what agencies say to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import PrivateAttr

from contracts.events.agency import AgencyAction
from contracts.types import LimitUnit, Mechanism
from services.kit.clock import VIETNAM, Clock
from services.kit.commit import Committer
from services.kit.ids import new_id
from services.kit.lease import Lease
from services.kit.store import Ref, Store
from services.kit.work import Work
from services.kit.worktime import WorkCalendar
from services.routing.deadlines import UnitReckoning
from services.routing.domain.clock import Limit
from services.routing.domain.policy import Policy, PolicyRevision
from services.routing.domain.workflow import Workflow, WorkflowStep
from services.routing.http import ACTIONS
from services.routing.settings import RoutingSettings
from services.routing.store import POLICIES, THE_POLICY, WORKFLOWS, workflow_id
from services.routing.timers import TimerLoop
from tests.component.service_fixtures import (
    COMMUNE,
    DISTRICT,
    OFFICE,
    PROCEDURE,
    TWO_STEPS,
    Service,
    dossier,
    open_routing,
    published,
    submitted,
)

CATALOGUE, AGENCY_ACTIONS = "catalogue.procedures.v1", "agency.actions.v1"
BASIS = "Khoản 1 Điều 9 văn bản mẫu"
MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=VIETNAM)
"""A working day without a holiday near."""
FIVE_DAYS = Limit(5.0, LimitUnit.WORKING_DAYS)
MESSAGES: Mapping[str, type[AgencyAction]] = {path: action for path, _, action, _ in ACTIONS}
"""By path of the HTTP action: the same as a message of an agency's own software."""
BODIES: Mapping[str, Mapping[str, Any]] = {
    "accept": {},
    "decline": {"reason": "not-ours"},
    "complete": {},
    "request-supplement": {"reason": "missing-papers", "items": ["Giấy chứng sinh"]},
    "extend": {"reason": "more-time-needed", "due_at": "2027-01-04T03:00:00Z"},
    "request-payment": {"amount_vnd": 120_000, "legal_basis": BASIS},
    "halt": {"reason": "opinion-asked", "legal_basis": BASIS},
    "resume": {},
    "send-back": {"reason": "wrong-information"},
    "reopen": {},
    "assign": {"officer": "cb.01"},
}
"""By path: what the action says beside who acts on which step."""
TWO_STEPS_WAY = (
    ("accept", OFFICE, 1), ("complete", OFFICE, 1), ("accept", DISTRICT, 2), ("complete", DISTRICT, 2),
)  # fmt: skip
"""From the first hand-over to the result."""


@dataclass
class HandClock:
    """Stands still until it is moved."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment

    def move(self, **how: float) -> datetime:
        self.moment += timedelta(**how)
        return self.moment

    def set(self, day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
        """To a local time of that month of 2026."""
        self.moment = local(day, hour, minute, month)
        return self.moment


class HandSettings(RoutingSettings):
    """Of processes that go by that clock."""

    _hand: HandClock = PrivateAttr()

    def hold(self, hand: HandClock) -> None:
        self._hand = hand

    def clock(self) -> Clock:
        return self._hand  # type: ignore[return-value]


@dataclass
class Timed:
    """The routing service and its clock."""

    service: Service
    hand: HandClock

    def loop(self, worker: str = "worker") -> TimerLoop:
        """The timer loop of a worker that has just started; `worker` names the lease it contends for."""
        mongo, now = self.service.mongo, self.hand.now
        return TimerLoop(mongo, Committer(mongo, "/routing", now), Lease(mongo, worker, ttl_s=600), now)

    async def fire(self) -> int:
        """What a worker that leads does in one round; each time a new one."""
        loop = self.loop()
        assert await loop.lease.hold()
        dealt = await loop.once()
        await loop.lease.release()
        return dealt


@asynccontextmanager
async def open_timed(mongodb_url: str, prefix: str, moment: datetime = MONDAY) -> AsyncIterator[Timed]:
    settings = HandSettings(mongodb_url=mongodb_url, mongodb_prefix=prefix)  # type: ignore[arg-type]
    hand = HandClock(moment)
    settings.hold(hand)
    async with open_routing(settings) as service:
        yield Timed(service, hand)


@pytest.fixture
async def timed(mongodb_url: str, prefix: str) -> AsyncIterator[Timed]:
    """Routing on a Monday morning that lasts until the test moves the clock."""
    async with open_timed(mongodb_url, prefix) as running:
        yield running


def local(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=VIETNAM)


@dataclass(frozen=True)
class Put:
    """A state as it is, for what a test takes for granted."""

    store: Store[Any]
    id: str
    state: Any

    def needs(self) -> Iterable[Ref]:
        yield Ref(self.store, self.id)

    def decide(self, work: Work, now: datetime) -> None:
        work.put(self.store, self.id, self.state)


async def put(routing: Service, store: Store[Any], id: str, state: Any) -> None:
    await Committer(routing.mongo, "/routing", routing.clock).run(Put(store, id, state))


async def set_policy(routing: Service, policy: Policy) -> None:
    await put(routing, POLICIES, THE_POLICY, PolicyRevision(policy, 1))


async def put_workflow(routing: Service, *steps: WorkflowStep, procedure: str = PROCEDURE) -> None:
    """In force for the first version of the procedure."""
    workflow = Workflow(procedure, 1, Mechanism.INTERLINKED, steps, "Thử", revision=1)
    await put(routing, WORKFLOWS, workflow_id(procedure, 1), workflow)


def branches(needs: int) -> tuple[WorkflowStep, ...]:
    """Three agencies side by side; the office goes on once as many of them granted it as it needs (0: all)."""
    return (
        WorkflowStep(OFFICE, 1, "Xem xét"),
        WorkflowStep(COMMUNE, 1, "Xác minh"),
        WorkflowStep(DISTRICT, 1, "Lấy ý kiến"),
        WorkflowStep(OFFICE, 1, "Trình ký", after=(1, 2, 3), needs=needs),
    )


def due(received_at: datetime, limit: Limit = FIVE_DAYS) -> datetime:
    """As the desk counts it."""
    return UnitReckoning(WorkCalendar()).due(received_at, limit).at


async def begin(
    routing: Service, number: int = 1, procedure: str = PROCEDURE, *, limit: Limit = FIVE_DAYS, **changes: Any
) -> str:
    """A dossier that a desk receives now. Returns: its code."""
    code, at = dossier(number), routing.clock()
    if await WORKFLOWS.read(routing.mongo, workflow_id(procedure, 1)) is None:
        more = ("Ủy ban nhân dân cấp huyện",) if procedure == TWO_STEPS else ()
        agencies = ("Phòng Kinh tế", *more)
        await routing.take(published(procedure, 1, agencies), topic=CATALOGUE)
    what = {"occurred_at": at, "received_at": at, "due_at": due(at, limit), "limit_value": limit.value}
    await routing.take(submitted(code, procedure, **(what | {"limit_unit": limit.unit} | changes)))
    return code


async def act(
    routing: Service, code: str, action: str, agency: str = OFFICE, step: int = 1, **changes: Any
) -> httpx.Response:
    """An officer over HTTP; the head of the agency where the action is the head's."""
    heads = action == "extend" or changes.get("kind") == "decision" or changes.get("outcome") == "terminated"
    own = [f"agency:{agency}", "head"] if heads else [f"agency:{agency}"]
    headers = changes.pop("headers", None) or await routing.key(*own)
    body = {"agency": agency, "step": step} | BODIES[action] | changes
    return await routing.http.post(f"/v1/cases/{code}/{action}", json=body, headers=headers)


async def did(
    routing: Service, code: str, action: str, agency: str = OFFICE, step: int = 1, **changes: Any
) -> dict[str, Any]:
    """As `act`, and it must be done. Returns: the case as the answer shows it."""
    reply = await act(routing, code, action, agency, step, **changes)
    assert reply.status_code == 200, reply.text
    shown: dict[str, Any] = reply.json()
    return shown


def message(code: str, action: str, agency: str = OFFICE, step: int = 1, **changes: Any) -> AgencyAction:
    """The same as a message."""
    return MESSAGES[action](code=code, agency=agency, step=step, **(dict(BODIES[action]) | changes))


async def send(
    routing: Service, code: str, action: str, agency: str = OFFICE, step: int = 1, *, id: str | None = None, **more: Any
) -> None:
    """An agency's own software over Kafka."""
    what = message(code, action, agency, step, **more)
    await routing.consumer.handle([routing.record(what, AGENCY_ACTIONS, id=id or new_id())])


async def shown(routing: Service, code: str) -> dict[str, Any]:
    """The case as an operator sees it."""
    reply = await routing.http.get(f"/v1/cases/{code}", headers=await routing.key("operator"))
    assert reply.status_code == 200, reply.text
    case: dict[str, Any] = reply.json()
    return case


async def states(routing: Service, code: str) -> list[str]:
    """Of the steps, in order."""
    return [step["state"] for step in (await shown(routing, code))["steps"]]


async def inbox(routing: Service, agency: str = OFFICE, **asked: Any) -> dict[str, Any]:
    """A page of an inbox."""
    headers = await routing.key(f"agency:{agency}")
    reply = await routing.http.get(f"/v1/agencies/{agency}/inbox", params=asked, headers=headers)
    assert reply.status_code == 200, reply.text
    page: dict[str, Any] = reply.json()
    return page


async def codes_in(routing: Service, box: str, agency: str = OFFICE, **asked: Any) -> list[str]:
    page = await inbox(routing, agency, box=box, **asked)
    return [transfer["code"] for transfer in page["transfers"]]


def moment(shown: str) -> datetime:
    return datetime.fromisoformat(shown)
