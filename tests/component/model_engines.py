"""MongoDB as a process sees it that may die, be stopped, or lose its connection at any single call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

from pymongo.errors import AutoReconnect

from services.kit.mongo import Mongo, Session

WRITES = frozenset({"insert_one", "insert_many", "update_one", "bulk_write", "delete_one"})


class Died(BaseException):
    """The process is gone: what it had not asked of an engine by now never happens."""


@dataclass(frozen=True)
class Fault:
    """What befalls a process at its n-th call to an engine, counted from 1."""

    what: Literal["dies", "is stopped", "is refused", "hears no answer"]
    at: int


class Gate:
    """Every call of one process to an engine goes through here."""

    def __init__(self) -> None:
        self.trace: list[str] = []
        self.stopped = asyncio.Event()
        self._go_on = asyncio.Event()
        self._killed = False
        self._fault: Fault | None = None
        self.locks = False
        """Whether it holds documents in an open transaction. Then it is stopped later: others would wait for it, writes
        without a transaction for as long as the server lets them."""

    def arm(self, fault: Fault | None) -> None:
        self.__init__()  # type: ignore[misc]
        self._fault = fault

    def go_on(self, *, killed: bool = False) -> None:
        """Let a process that was stopped run again, or be killed where it stands."""
        self._killed = killed
        self._go_on.set()

    async def through(self, name: str, call: Callable[[], Awaitable[Any]], label: str | None = None) -> Any:
        self.trace.append(name)
        fault = self._fault
        if fault is None or len(self.trace) < fault.at or (fault.what == "is stopped" and self.locks):
            return await call()
        self._fault = None
        self.trace[-1] = f"{name} ({fault.what})"
        match fault.what:
            case "dies":
                raise Died(name)
            case "is stopped":
                self.stopped.set()
                await self._go_on.wait()
                if self._killed:
                    raise Died(name)
                return await call()
            case "hears no answer":
                await call()
        error = AutoReconnect(f"{name}: {fault.what}")
        if label is not None:
            error._add_error_label(label)
        raise error


async def nothing() -> None:
    """A place on the road between two calls."""


class _Cursor:
    def __init__(self, gate: Gate, name: str, cursor: Any, label: str | None) -> None:
        self._gate, self._name, self._cursor, self._label = gate, name, cursor, label

    def sort(self, *args: Any) -> _Cursor:
        self._cursor = self._cursor.sort(*args)
        return self

    def limit(self, most: int) -> _Cursor:
        self._cursor = self._cursor.limit(most)
        return self

    async def __aiter__(self) -> AsyncIterator[Any]:
        await self._gate.through(self._name, nothing, self._label)
        async for document in self._cursor:
            yield document

    async def to_list(self, most: int | None) -> list[Any]:
        await self._gate.through(self._name, nothing, self._label)
        found: list[Any] = await self._cursor.to_list(most)
        return found


class _Collection:
    def __init__(self, gate: Gate, name: str, collection: Any) -> None:
        self._gate, self._name, self._collection = gate, name, collection

    def find(self, *args: Any, **more: Any) -> _Cursor:
        label = "TransientTransactionError" if more.get("session") is not None else None
        return _Cursor(self._gate, f"{self._name}.find", self._collection.find(*args, **more), label)

    def __getattr__(self, method: str) -> Any:
        async def call(*args: Any, **more: Any) -> Any:
            inside = more.get("session") is not None

            async def really() -> Any:
                self._gate.locks = self._gate.locks or (inside and method in WRITES)
                return await getattr(self._collection, method)(*args, **more)

            label = "TransientTransactionError" if inside else None
            return await self._gate.through(f"{self._name}.{method}", really, label)

        return call


class GatedMongo(Mongo):
    """The database of one process, behind the gate of that process."""

    gate: Gate

    def collection(self, name: str) -> Any:
        return _Collection(self.gate, name, super().collection(name))

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        gate = self.gate
        async with super().session() as session:
            really = session.commit_transaction

            async def commit() -> None:
                await gate.through("commit", really, "UnknownTransactionCommitResult")
                gate.locks = False
                await gate.through("committed", nothing)

            session.commit_transaction = commit
            try:
                yield session
            finally:
                session.commit_transaction = really  # it is used again
                gate.locks = False
