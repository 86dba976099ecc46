"""Aggregates as documents: one document holds the whole state, its version and its event sequence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, Generic, TypeVar

from cattrs.preconf.bson import make_converter
from pymongo import IndexModel

from services.kit.mongo.driver import Document, Mongo

S = TypeVar("S")

_converter = make_converter()
_converter.register_unstructure_hook(date, lambda value: value if isinstance(value, datetime) else value.isoformat())
_converter.register_structure_hook(date, lambda value, _: date.fromisoformat(value))
_converter.register_unstructure_hook(Decimal, str)
_converter.register_structure_hook(Decimal, lambda value, _: Decimal(value))
_converter.register_structure_hook(datetime, lambda value, _: value)
_converter.register_unstructure_hook(datetime, lambda value: value)


@dataclass(frozen=True)
class Store(Generic[S]):
    """Where the aggregates of one type live.

    `state_type` is a frozen dataclass of the domain. Document: `_id`, `_v` (version, guards against lost updates),
    `_n` (events published so far), `_e` (last outbox document that tells of it), and the state's fields beside them.
    """

    collection: str
    state_type: type[S]
    indexes: tuple[IndexModel, ...] = ()
    reference: bool = False
    """Changed by hand now and then, read with every decision (calendar, directory, policy): decisions may see it as it
    was `references.FRESH_S` ago."""
    view: bool = False
    """Only some fields of documents that belong to another store: they are read, never written. A big aggregate costs
    most where it is turned into objects."""
    derived: Callable[[S], Mapping[str, Any]] | None = None
    """Further fields for queries only, derived from the state (search tokens, flags, inbox positions)."""
    _structure: Callable[[Any], S] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_structure", partial(_converter.structure, cl=self.state_type))

    @property
    def projection(self) -> dict[str, int] | None:
        """What is read of a document; None: all of it."""
        names = [part.name for part in fields(self.state_type)] if self.view else []  # type: ignore[arg-type]
        return dict.fromkeys((*names, "_v", "_n", "_e"), 1) if self.view else None

    def to_document(self, state: S) -> Document:
        document: Document = _converter.unstructure(state)
        if self.derived is not None:
            document |= self.derived(state)
        return document

    def to_state(self, document: Mapping[str, Any]) -> S:
        """Rehydrate; unknown fields (of a newer release) are left alone."""
        return self._structure(document)

    async def read(self, mongo: Mongo, id: str) -> S | None:
        """Read one for a query, outside any transaction."""
        document = await mongo.collection(self.collection).find_one({"_id": id})
        return None if document is None else self.to_state(document)


@dataclass(frozen=True)
class Ref:
    """An aggregate that a decision needs."""

    store: Store[Any]
    id: str
