"""The published catalogue: search, fields, one procedure in one version. Public: it is published by law."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from contracts.problems import Missing
from contracts.types import LimitUnit
from services.intake.domain.dossier import Dossier
from services.intake.domain.procedure import Paper, Procedure
from services.intake.search_words import asked, folded
from services.intake.store import CATALOGUE, PROCEDURE_VERSIONS, PROCEDURES, version_id
from services.kit import worktime
from services.kit.mongo import Mongo


@dataclass(frozen=True)
class Search:
    """What is asked for; everything that is given must hold."""

    text: str = ""
    """Words of name, field or code, with or without diacritics, each perhaps only begun."""
    field: str = ""
    level: str = ""
    limit: int = 20


@dataclass(frozen=True)
class _Findable:
    procedure: Procedure
    """Without its papers: they are most of it, and no list shows them."""
    name: str
    """Folded, a space before each word and at the end; so is `text`."""
    text: str
    field: str
    levels: frozenset[str]


class PublishedCatalogue:
    """The catalogue as this process searches it.

    Held in memory, some MB: ranking looks at every match, and a common word matches most of the catalogue (measured on
    the embedded engine: 60 to 110 ms a search with an index over words, 2 ms here). Each search asks for the edition
    first, so that it sees whatever was published before it, by whichever process.
    """

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._edition = -1
        self._all: tuple[_Findable, ...] = ()

    async def search(self, wanted: Search) -> list[Procedure]:
        """The best first, without their papers."""
        words = asked(wanted.text)
        if wanted.text.strip() and not words:
            return []
        field, level = folded(wanted.field), folded(wanted.level)
        found = [
            one
            for one in await self._current()
            if all(f" {word}" in one.text for word in words)
            and (not field or field == one.field)
            and (not level or level in one.levels)
        ]
        found.sort(key=lambda one: _rank(one, words))
        return [one.procedure for one in found[: wanted.limit]]

    async def fields(self) -> list[dict[str, Any]]:
        """The fields (lĩnh vực) with the number of procedures; spellings that differ in case or marks are one field."""
        spellings: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for one in await self._current():
            spellings[one.field][one.procedure.field] += 1
        return [
            {"field": counts.most_common(1)[0][0], "procedures": counts.total()}
            for _, counts in sorted(spellings.items())
        ]

    async def _current(self) -> tuple[_Findable, ...]:
        # The edition before the procedures: those may be newer than it, and are then read once more.
        edition = await CATALOGUE.read(self._mongo, "edition")
        number = edition.number if edition else 0
        if number != self._edition:
            cursor = self._mongo.collection(PROCEDURES.collection).find({}, {"papers": 0})
            self._all = tuple([_findable(PROCEDURES.to_state(document)) async for document in cursor])
            self._edition = number
        return self._all


def _findable(procedure: Procedure) -> _Findable:
    name, field = folded(procedure.name), folded(procedure.field)
    levels = frozenset(folded(level) for level in re.split("[;,]", procedure.level))
    return _Findable(procedure, f" {name} ", f" {name} {field} {procedure.code.lower()} ", field, levels)


def _rank(one: _Findable, words: list[str]) -> tuple[Any, ...]:
    """The code itself; the words one after another in the name; all of them whole in the name; begun in the name;
    in each class the shorter name first."""
    return (
        one.procedure.code.lower() not in words,
        f" {' '.join(words)}" not in one.name,
        not all(f" {word} " in one.name for word in words),
        not all(f" {word}" in one.name for word in words),
        len(one.name),
        one.procedure.code,
    )


async def papers_of(mongo: Mongo, dossier: Dossier) -> tuple[Paper, ...]:
    """The published list of papers of the version under which the dossier was filed."""
    version = await PROCEDURE_VERSIONS.read(mongo, version_id(dossier.procedure_code, dossier.procedure_version))
    return version.papers if version is not None else ()


async def procedure_in_version(mongo: Mongo, code: str, version: int | None) -> Procedure:
    """The version in use, or the one that a dossier was filed under.

    Raises: Missing `procedure-unknown`, `procedure-version-unknown`.
    """
    if version is not None:
        procedure = await PROCEDURE_VERSIONS.read(mongo, version_id(code, version))
        if procedure is None:
            raise Missing("procedure-version-unknown", "Thủ tục này không có phiên bản đó.")
        return procedure
    procedure = await PROCEDURES.read(mongo, code)
    if procedure is None:
        raise Missing("procedure-unknown", "Không có thủ tục này trong danh mục đang công bố.")
    return procedure


def summary(procedure: Procedure) -> dict[str, Any]:
    """A procedure as a list shows it."""
    promised = _limit_text(procedure.limit_value, procedure.limit_unit)
    statutory = _limit_text(procedure.statutory_limit_value, procedure.statutory_limit_unit)
    return {
        "code": procedure.code,
        "version": procedure.version,
        "name": procedure.name,
        "field": procedure.field,
        "level": procedure.level,
        "mechanism": procedure.mechanism.value,
        "agencies": list(procedure.agencies),
        "limit_text": promised,
        "statutory_limit_text": statutory or promised,
        "fee_vnd": procedure.fee_vnd,
        "result": procedure.result,
    }


def published(procedure: Procedure) -> dict[str, Any]:
    """A procedure as it is published, with the papers to hand in, its cases, and the limits that differ by channel or
    case."""
    papers = [
        {
            "number": number,
            "name": paper.name,
            "originals": paper.originals,
            "copies": paper.copies,
            "form": paper.form,
            "case": paper.case,
        }
        for number, paper in enumerate(procedure.papers, start=1)
    ]
    limits = [
        {
            "channel": rule.channel.value if rule.channel else None,
            "case": rule.case or None,
            "limit_text": _limit_text(rule.value, rule.unit),
        }
        for rule in procedure.limits
    ]
    return summary(procedure) | {"papers": papers, "limits": limits, "cases": list(procedure.cases)}


def _limit_text(value: float | None, unit: LimitUnit | None) -> str | None:
    if value is None or unit is None:
        return None
    return worktime.TimeLimit(value, worktime.LimitUnit(unit.value)).label_vi
