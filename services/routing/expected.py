"""What the statistics should be, by what cases and events say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.events.routing import DossierResolved, DossierStepCompleted
from contracts.types import Channel, Outcome, Timeliness
from services.routing.commands.count_event import CountedEvent
from services.routing.domain import statistics
from services.routing.domain.statistics import Entry, Place, StopRequested
from services.routing.tallies import additions

_RECOUNTED: Mapping[str, type[CountedEvent]] = {
    kind.TYPE: kind for kind in (DossierResolved, DossierStepCompleted, *StopRequested.__args__)
}

Cell = tuple[str, str]
"""A sum and the path of one figure in it."""


@dataclass
class Expected:
    """What the statistics should be."""

    expected: Counter[Cell] = field(default_factory=Counter)
    keys: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Key fields by sum."""
    places: dict[str, Place] = field(default_factory=dict)
    """By dossier code."""

    def copy(self) -> Expected:
        return Expected(self.expected.copy(), self.keys.copy(), self.places.copy())

    def place(self, case: Mapping[str, Any]) -> None:
        self.places[case["_id"]] = Place(case["unit"], case["field"], case["procedure_code"], case["mechanism"])

    def count(self, case: Mapping[str, Any]) -> None:
        self._expect(entries_of(self.places[case["_id"]], case))

    def tell(self, code: str, message: CountedEvent) -> None:
        """Steps and stops are told by events only."""
        if isinstance(message, DossierStepCompleted):
            self._expect([statistics.step(self.places[code], message)])
        elif isinstance(message, StopRequested):
            self._expect([statistics.stop(self.places[code], message)])

    def miss(self, code: str, message: CountedEvent) -> None:
        """A result whose event is on its way is not counted yet."""
        if isinstance(message, DossierResolved):
            first = message.first_timeliness or message.timeliness
            entry = statistics.result(
                self.places[code], message.outcome, message.timeliness, first, message.occurred_at
            )
            self._expect([entry], -1)

    def _expect(self, entries: Iterable[Entry], times: int = 1) -> None:
        for entry in entries:
            for id, key, amounts in additions(entry):
                self.keys.setdefault(id, key)
                for path, amount in amounts.items():
                    self.expected[id, path] += times * amount


def message_of(event: Mapping[str, Any]) -> CountedEvent | None:
    kind = _RECOUNTED.get(event["type"])
    if kind is None:
        return None
    message = kind.parse(event["body"])
    assert isinstance(message, kind)
    return message


def entries_of(place: Place, case: Mapping[str, Any]) -> Iterable[Entry]:
    """Everything that was counted of a case as it is now."""
    yield from statistics.receipt(place, Channel(case["channel"]), case["counter"], case["received_at"])
    if case["state"] == "resolved":
        timeliness = Timeliness(case["timeliness"])
        first = Timeliness(case.get("first_timeliness") or timeliness)
        yield statistics.result(place, Outcome(case["outcome"]), timeliness, first, case["resolved_at"])
    elif case["state"] == "withdrawn":
        yield statistics.withdrawal(place, case["withdrawn_at"])
