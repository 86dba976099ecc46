"""The detector of what is stuck: candidates by their indexes, judged by the rules; and the loop that says so.

No open dossier without owner, timer or pending message; each finding names the cause and the cure.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.kit import logs, metrics
from services.kit.clock import Now
from services.kit.lease import Lease
from services.kit.leased_loop import LeasedLoop
from services.kit.mongo import Mongo
from services.kit.work import Work
from services.routing.commands.setting import setting, setting_refs
from services.routing.domain.policy import Policy, Trigger
from services.routing.domain.stuck import SILENCE_HOURS, TIMER_LATE, Finding, StuckKind, stuck
from services.routing.store import CASES, EVER
from services.routing.stuck_messages import stuck_messages

MOST = 200
"""Of one kind: who has more has one cause to cure, not two hundred."""
log = logs.get("routing.stuck")


async def find_stuck(mongo: Mongo, now: datetime) -> list[Finding]:
    """Everything of routing that does not go on by itself, by kind, the oldest first."""
    work = Work("", now)
    await work.load(mongo, setting_refs())
    here = setting(work)
    found: list[Finding] = []
    for document in await _candidates(mongo, now, here.policy):
        try:
            case = CASES.to_state(document)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one, the others are stuck all the same
            found.append(_unreadable(document, error, now))
        else:
            found += stuck(case, now, here)
    return limited([*found, *await stuck_messages(mongo, now)])


def _unreadable(document: Mapping[str, Any], error: Exception, now: datetime) -> Finding:
    received = document.get("received_at")
    since = received if isinstance(received, datetime) else now
    cause = f"Không đọc được bản ghi hồ sơ trong cơ sở dữ liệu ({type(error).__name__}): hỏng, hoặc phục hồi thiếu."
    cure = "Phục hồi bản ghi này (bộ sưu tập cases) từ bản sao lưu; chạy motcua check và báo cho người phát triển."
    return Finding(StuckKind.UNREADABLE, str(document["_id"]), since, cause, cure)


def limited(findings: Sequence[Finding]) -> list[Finding]:
    """In order, and not more than anybody reads of one kind."""
    kinds = list(StuckKind)
    seen: Counter[StuckKind] = Counter()
    kept: list[Finding] = []
    for finding in sorted(findings, key=lambda found: (kinds.index(found.kind), found.since, found.key)):
        seen[finding.kind] += 1
        if seen[finding.kind] <= MOST:
            kept.append(finding)
    return kept


def looks(policy: Policy, now: datetime) -> Mapping[str, Mapping[str, Any]]:
    """By field, each with an index of its own: which cases may be stuck. A working hour lasts an hour at least: what is
    younger is not read."""
    wanted: dict[str, Mapping[str, Any]] = {
        "unplaced_since": EVER,
        "neglected_since": EVER,
        "timer_at": {"$lt": now - TIMER_LATE},
        "accept_by": {"$lt": now - timedelta(hours=SILENCE_HOURS)},
    }
    patience = [rule.hours for rule in policy.rules if rule.when is Trigger.WAITING]
    if patience:
        wanted["waits_since"] = {"$lt": now - timedelta(hours=min(patience))}
    return wanted


async def _candidates(mongo: Mongo, now: datetime, policy: Policy) -> list[Mapping[str, Any]]:
    found: dict[str, Any] = {}
    for name, condition in looks(policy, now).items():
        cursor = mongo.collection(CASES.collection).find({name: condition}).sort(name, 1).limit(MOST)
        found |= {document["_id"]: document async for document in cursor}
    return list(found.values())


@dataclass
class StuckLoop:
    """Looks in the process that leads; the gauge says how many, the log says which are new."""

    mongo: Mongo
    lease: Lease
    now: Now
    pause_s: float = 60.0
    _known: set[tuple[StuckKind, str]] = field(default_factory=set)

    async def run(self, stop: asyncio.Event) -> None:
        await LeasedLoop(self.lease, self.once, self.pause_s).run(stop)

    async def once(self) -> int:
        """Returns: how much is stuck."""
        findings = await find_stuck(self.mongo, self.now())
        counts = Counter(finding.kind for finding in findings)
        for kind in StuckKind:
            metrics.gauge("stuck_cases", counts[kind], kind=kind.value)
        for finding in findings:
            if (finding.kind, finding.key) not in self._known:
                log.warning("stuck.found", kind=finding.kind.value, key=finding.key, since=finding.since.isoformat())
        self._known = {(finding.kind, finding.key) for finding in findings}
        return len(findings)
