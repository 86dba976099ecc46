"""Publish a procedure (công khai thủ tục hành chính): a new version when anything changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from contracts.events.catalogue import ProcedurePublished
from contracts.topics import CATALOGUE_PROCEDURES
from services.intake.domain.procedure import Procedure
from services.intake.store import PROCEDURE_VERSIONS, PROCEDURES
from services.kit.store import Ref
from services.kit.work import Work

Change = Literal["added", "changed", "unchanged"]


@dataclass(frozen=True)
class PublishProcedure:
    """`procedure.version` is ignored: it follows the version in use."""

    procedure: Procedure

    def needs(self) -> Iterable[Ref]:
        yield Ref(PROCEDURES, self.procedure.code)

    def decide(self, work: Work, now: datetime) -> Change:
        current = work.get(PROCEDURES, self.procedure.code)
        published = current.next_version(self.procedure) if current else replace(self.procedure, version=1)
        if published is None:
            return "unchanged"
        event = ProcedurePublished(
            procedure_code=published.code,
            version=published.version,
            name=published.name,
            field=published.field,
            mechanism=published.mechanism,
            agencies=published.agencies,
            limit_value=published.limit_value,
            limit_unit=published.limit_unit,
            fee_vnd=published.fee_vnd,
            published_at=now,
        )
        work.put(PROCEDURES, published.code, published, (CATALOGUE_PROCEDURES, published.code, event))
        work.put(PROCEDURE_VERSIONS, f"{published.code}@{published.version}", published)
        return "changed" if current else "added"
