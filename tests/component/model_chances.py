"""How often what happens in the model test, and with which faults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.component.model_actions import (
    Action,
    BatchIsDelivered,
    BrokerLosesItsLog,
    ClerkTells,
    FactsGoAllTheWay,
    OperatorSkips,
    ParkedKeysAreTried,
    PartitionsMove,
    PartnerCommands,
    RecordIsWrittenAgain,
    RecordsComeAgain,
    RelayPublishes,
    SomebodyWritesGarbage,
    StoppedProcessGoesOnOrDies,
    TheWorldChanges,
    WhileItIsStopped,
)
from tests.component.model_engines import Fault
from tests.component.model_log import READ, Publishing
from tests.component.model_service import CODES, COMMANDS, FACTS, Obstacles

_codes = st.sampled_from(CODES)
_number = st.integers(0, 1)
_some_keys = st.frozensets(st.sampled_from([code.encode() for code in CODES]), max_size=2)
_publishing = st.builds(Publishing) | st.builds(
    Publishing, st.permutations(range(2)).map(tuple), refused=_some_keys, unheard=_some_keys
)
_obstacles = st.just(Obstacles()) | st.builds(Obstacles, st.booleans(), st.booleans(), st.booleans())


_early = st.integers(1, 4)  # before the first write: whoever is stopped there goes on with what it read


def _faults(most: int) -> st.SearchStrategy[Fault | None]:
    kinds = st.sampled_from(["dies", "dies", "is stopped", *("is refused", "hears no answer") * 2])
    return st.none() | st.none() | st.builds(Fault, kinds, _early | st.integers(1, most))


def _stops(most: int) -> st.SearchStrategy[Fault | None]:
    return st.builds(Fault, st.just("is stopped"), _early | st.integers(1, most))


Faults = Callable[[int], "st.SearchStrategy[Fault | None]"]


def _tells(faults: Faults) -> st.SearchStrategy[Action]:
    return st.builds(ClerkTells, _codes, st.integers(1, 3), faults(8))


def _publishes(faults: Faults) -> st.SearchStrategy[Action]:
    return st.builds(RelayPublishes, _number, _publishing, faults(10))


def _delivers(faults: Faults) -> st.SearchStrategy[Action]:
    return st.builds(BatchIsDelivered, _number, st.integers(1, 8), st.booleans(), faults(14))


def _tries(faults: Faults) -> st.SearchStrategy[Action]:
    return st.builds(ParkedKeysAreTried, _number, faults(14))


def _none(most: int) -> st.SearchStrategy[None]:
    return st.none()


def _one_of(*weighted: tuple[int, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    return st.sampled_from([strategy for weight, strategy in weighted for _ in range(weight)]).flatmap(lambda it: it)


_spoiled = st.sampled_from(["header", "body", "nothing", "not ours", "not ours"])
_moves = st.builds(PartitionsMove, _number, st.frozensets(st.sampled_from(READ), min_size=1), st.booleans())
_through = st.builds(FactsGoAllTheWay, _codes, st.integers(1, 2))
_cut = _one_of((2, _tells(_stops)), (1, _publishes(_stops)), (3, _delivers(_stops)), (1, _tries(_stops)))
_meanwhile = _one_of(
    (1, _tells(_none)), (2, _through), (1, _publishes(_none)), (3, _delivers(_none)), (1, _tries(_none)), (2, _moves)
)
ACTIONS: st.SearchStrategy[Action] = _one_of(
    (12, _tells(_faults)),
    (8, st.builds(PartnerCommands, _codes, st.integers(1, 2))),
    (8, st.builds(SomebodyWritesGarbage, st.sampled_from([FACTS, COMMANDS]), _codes, _spoiled)),
    (20, _through),
    (16, st.builds(TheWorldChanges, _codes, _obstacles)),
    (4, st.builds(OperatorSkips, _codes, _faults(8))),
    (16, _publishes(_faults)),
    (28, _delivers(_faults)),
    (8, _tries(_faults)),
    (16, st.builds(WhileItIsStopped, _cut, st.lists(_meanwhile, min_size=1, max_size=4).map(tuple))),
    (24, st.builds(StoppedProcessGoesOnOrDies, st.integers(0, 2), st.booleans())),
    (8, _moves),
    (8, st.builds(RecordsComeAgain, _number, st.integers(1, 9))),
    (12, st.builds(RecordIsWrittenAgain, st.sampled_from(READ), st.integers(0, 99))),
    (1, st.builds(BrokerLosesItsLog)),  # rare: what is sent again hides what was lost before
)
