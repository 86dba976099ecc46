"""HTTP in: what operators look at: the policy in force, recounts of due dates, what is stuck."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from contracts.problems import Denied
from services.kit.auth import Caller
from services.kit.clock import Now
from services.kit.http import CallerDep
from services.kit.mongo import Mongo
from services.routing.domain.policy import PolicyRevision
from services.routing.domain.recomputation import Recomputation
from services.routing.policies import as_data
from services.routing.recompute import latest, rows_of
from services.routing.store import POLICIES, THE_POLICY
from services.routing.stuck import MOST, find_stuck

Limit = Annotated[int, Query(ge=1, le=500)]
JobId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]


def routes(mongo: Mongo, now: Now) -> APIRouter:
    """Nothing in it is personal."""
    api = APIRouter(prefix="/v1")

    @api.get("/policy")
    async def policy(caller: CallerDep) -> dict[str, Any]:
        """Quy định đang dùng; cơ quan chỉ thấy người thay thế của mình."""
        agencies = caller.units("agency")
        if not (caller.may("operator", "service") or agencies or caller.units("counter")):
            raise Denied("scope-missing", "Khóa truy cập này không có quyền làm việc đó.")
        revision = await POLICIES.read(mongo, THE_POLICY) or PolicyRevision()
        return as_data(revision, None if caller.may("operator", "service") else agencies)

    @api.get("/recomputations")
    async def recomputations(caller: CallerDep, limit: Limit = 50) -> dict[str, Any]:
        """Các lần tính lại hạn sau khi đổi lịch, mới nhất trước."""
        _require(caller)
        return {"recomputations": [_shown(job) for job in await latest(mongo, limit)]}

    @api.get("/recomputations/{id}")
    async def recomputation(
        id: JobId, caller: CallerDep, after: Annotated[str | None, Query(max_length=80)] = None, limit: Limit = 200
    ) -> dict[str, Any]:
        """Một lần tính lại: hạn trước, hạn sau và cách tính của từng hồ sơ đã đổi."""
        _require(caller)
        job, rows, more = await rows_of(mongo, id, after, limit)
        return {**_shown(job), "dossiers": rows, "next": more}

    @api.get("/stuck")
    async def stuck(caller: CallerDep) -> dict[str, Any]:
        """Hồ sơ và tin đang kẹt, nguyên nhân và cách xử lý; mỗi loại nhiều nhất 200."""
        _require(caller)
        findings = await find_stuck(mongo, now())
        counts = Counter(finding.kind.value for finding in findings)
        rows = [
            {
                "kind": finding.kind.value,
                "key": finding.key,
                "since": finding.since,
                "cause": finding.cause,
                "cure": finding.cure,
            }
            for finding in findings
        ]
        return {"counts": counts, "more": sorted(kind for kind in counts if counts[kind] == MOST), "findings": rows}

    return api


def _require(caller: Caller) -> None:
    caller.require("operator", "service")


def _shown(job: Recomputation) -> dict[str, Any]:
    return {
        "id": job.id,
        "by": job.by,
        "reason": job.reason,
        "calendar_version": job.calendar_version,
        "begun_at": job.begun_at,
        "ended_at": job.ended_at,
        "looked_at": job.looked_at,
        "changed": job.changed,
        "failed": job.failed,
    }
