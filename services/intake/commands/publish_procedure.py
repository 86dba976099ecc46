"""Publish a procedure (công khai thủ tục hành chính): a new version when anything changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Literal

from contracts.events.catalogue import LimitRule, ProcedurePublished
from contracts.topics import CATALOGUE_PROCEDURES
from services.intake.domain.procedure import Procedure
from services.intake.store import CATALOGUE, PROCEDURE_VERSIONS, PROCEDURES, CatalogueEdition, version_id
from services.kit.store import Ref
from services.kit.work import Work

Change = Literal["added", "changed", "unchanged"]


@dataclass(frozen=True)
class Judgement:
    """What publishing a procedure would change."""

    change: Change
    procedure: Procedure
    """As it stands afterwards, with its version."""
    fields: tuple[str, ...] = ()
    """Names of the facts that changed."""


def judge(current: Procedure | None, proposed: Procedure) -> Judgement:
    """Compare with the version in use; `proposed.version` is ignored, it follows that version."""
    if current is None:
        return Judgement("added", replace(proposed, version=1))
    following = current.next_version(proposed)
    if following is None:
        return Judgement("unchanged", current)
    differ = (
        field.name for field in fields(Procedure) if getattr(current, field.name) != getattr(following, field.name)
    )
    return Judgement("changed", following, tuple(name for name in differ if name != "version"))


def publish(work: Work, procedure: Procedure, now: datetime) -> None:
    """Keep a new version and tell of it. Open dossiers stay with the version that they were filed under."""
    event = ProcedurePublished(
        procedure_code=procedure.code,
        version=procedure.version,
        name=procedure.name,
        field=procedure.field,
        mechanism=procedure.mechanism,
        agencies=procedure.agencies,
        limit_value=procedure.limit_value,
        limit_unit=procedure.limit_unit,
        fee_vnd=procedure.fee_vnd,
        published_at=now,
        statutory_limit_value=procedure.statutory_limit_value,
        statutory_limit_unit=procedure.statutory_limit_unit,
        level=procedure.level or None,
        result=procedure.result or None,
        papers=tuple(paper.name for paper in procedure.papers),
        limits=tuple(
            LimitRule(channel=rule.channel, case=rule.case or None, value=rule.value, unit=rule.unit)
            for rule in procedure.limits
        ),
    )
    work.put(PROCEDURES, procedure.code, procedure, (CATALOGUE_PROCEDURES, procedure.code, event))
    work.put(PROCEDURE_VERSIONS, version_id(procedure.code, procedure.version), procedure)


def new_edition(work: Work) -> None:
    """Say that something was published; needs `Ref(CATALOGUE, "edition")`."""
    edition = work.get(CATALOGUE, "edition") or CatalogueEdition()
    work.put(CATALOGUE, "edition", CatalogueEdition(edition.number + 1))


@dataclass(frozen=True)
class PublishProcedure:
    """Publish one procedure; `import_catalogue` publishes a file of them."""

    procedure: Procedure

    def needs(self) -> Iterable[Ref]:
        yield Ref(PROCEDURES, self.procedure.code)
        yield Ref(CATALOGUE, "edition")

    def decide(self, work: Work, now: datetime) -> Change:
        judgement = judge(work.get(PROCEDURES, self.procedure.code), self.procedure)
        if judgement.change != "unchanged":
            publish(work, judgement.procedure, now)
            new_edition(work)
        return judgement.change
