"""What happens on the day: who brings what to which counter. The same seed gives the same day."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from contracts.types import Channel, HandOverProof
from local.demo.visit import Course, Door, Turn, Visit
from local.samples.load import Samples
from services.intake.domain.procedure import Procedure
from services.intake.promise import answer_due
from services.kit import worktime
from services.kit.clock import VIETNAM

CALENDAR = worktime.WorkCalendar()
"""The national one: the district's own closure comes after the day."""
INTERLINKED_SHARE = 0.12
SAME_DAY_SHARE = 0.6
"""Certified copies and the like make up most of a desk's day: they are the ones done on time, not early."""
DISTRICT_SHARE = 0.4
KAFKA_SHARE = 0.15
"""Counters whose own software sends to Kafka instead of HTTP."""
PORTAL_SHARE = 0.08
"""Filed at the national portal."""
FORM_SHARE = 0.03
"""Filed with the form of our own."""
MISSING_SHARE = 0.08
"""At the desk a paper is missing: the dossier is left there, and the citizen comes back."""
MISSING_ONLINE_SHARE = 0.3
REFUSED_SHARE = 0.15
"""Of the online filings."""
TURN_SHARES = {Turn.PAPERS: 0.03, Turn.PAYMENT: 0.04, Turn.OPINION: 0.03, Turn.NEW_DATE: 0.03}
SENT_BACK_SHARE = 0.25
"""Of what passes several agencies."""
WITHDRAWN_SHARE = 0.04
TAKEN_BACK_SHARE = 0.1
"""Of the filings at the portal, before the desk answered."""
ON_THE_SPOT_SHARE = 0.2
"""Of what may be solved on the spot, and is handed in complete at a desk."""
AGAIN_SHARE = 0.02
"""Who was here just before comes again with the same procedure, on purpose."""
BATCH_EVERY, BATCH_SIZE = 40, 3
"""So often one person brings several dossiers in one go."""
PROOF_SHARES = {
    HandOverProof.SIGNATURE: 0.8,
    HandOverProof.ONE_TIME_CODE: 0.12,
    HandOverProof.POSTAL_RECEIPT: 0.08,
}
RATED_SHARE = 0.4
SCORE_SHARES = {5: 0.6, 4: 0.25, 3: 0.08, 2: 0.04, 1: 0.03}
TRACKED_SHARE = 0.1
_PREFIXES = ("032", "036", "070", "077", "086", "090", "091", "093", "097", "098")
_OPENING = timedelta(hours=8)
_LONGEST_BACK = timedelta(days=6)
"""A stated time of filing is believed for a week."""


def plan_day(number: int, procedures: Sequence[Procedure], samples: Samples, seed: int = 2021) -> list[Visit]:
    """Draw the day's visits. Procedures without a published limit are left out: nothing can be promised for them."""
    chance = random.Random(seed)
    draw = _Draw(chance, [procedure for procedure in procedures if procedure.limit_value is not None], samples)
    visits: list[Visit] = []
    for n in range(1, number + 1):
        visit = draw.visit(n)
        leader = n - n % BATCH_EVERY
        if leader and n - leader < BATCH_SIZE:
            visit = _in_batch(visit, visits[leader - 1] if n > leader else visit, leader)
        elif visits and draw.again:
            visit = _again(visit, visits[-1])
        visits.append(visit)
    return _one_forgotten(visits)


@dataclass
class _Draw:
    """Every visit takes the same number of draws, so that a shorter day is the beginning of a longer one."""

    chance: random.Random
    promised: Sequence[Procedure]
    samples: Samples
    again: bool = False

    def __post_init__(self) -> None:
        one_stop = [p for p in self.promised if len(p.agencies) == 1]
        self._interlinked = [p for p in self.promised if len(p.agencies) > 1]
        self._same_day = [p for p in one_stop if p.limit_unit is not None and p.limit_unit.value == "same_day"]
        self._one_stop = one_stop or self.promised

    def visit(self, n: int) -> Visit:
        chance = self.chance
        desk, *communes = self.samples.counter_codes
        counter = desk if chance.random() < DISTRICT_SHARE else chance.choice(communes)
        procedure = self._procedure()
        phone = f"{chance.choice(_PREFIXES)}{chance.randrange(10_000_000):07d}"
        door = self._door()
        course = self._course(door, procedure)
        turn = self._turn(procedure)
        proof = chance.choices(list(PROOF_SHARES), list(PROOF_SHARES.values()))[0]
        rates = chance.random() < RATED_SHARE
        score = chance.choices(list(SCORE_SHARES), list(SCORE_SHARES.values()))[0]
        tracks = chance.random() < TRACKED_SHARE
        self.again = chance.random() < AGAIN_SHARE
        if course is Course.ON_THE_SPOT:
            proof = HandOverProof.SIGNATURE
        return Visit(n, n, counter, procedure, phone, door, course, turn, proof, score if rates else None, tracks)

    def _procedure(self) -> Procedure:
        sort, same_day, place = self.chance.random(), self.chance.random(), self.chance.random()
        if self._interlinked and sort < INTERLINKED_SHARE:
            chosen: Sequence[Procedure] = self._interlinked
        elif self._same_day and same_day < SAME_DAY_SHARE:
            chosen = self._same_day
        else:
            chosen = self._one_stop
        return chosen[int(place * len(chosen))]

    def _turn(self, procedure: Procedure) -> Turn:
        place = self.chance.random()
        if len(procedure.agencies) > 1 and place >= 1 - SENT_BACK_SHARE:
            return Turn.SENT_BACK
        for turn, share in TURN_SHARES.items():
            if place < share:
                return turn
            place -= share
        return Turn.PLAIN

    def _door(self) -> Door:
        place = self.chance.random()
        for door, share in ((Door.SOFTWARE, KAFKA_SHARE), (Door.PORTAL, PORTAL_SHARE), (Door.FORM, FORM_SHARE)):
            if place < share:
                return door
            place -= share
        return Door.DESK

    def _course(self, door: Door, procedure: Procedure) -> Course:
        first, second = self.chance.random(), self.chance.random()
        online = door in (Door.PORTAL, Door.FORM)
        if door is Door.PORTAL and first < TAKEN_BACK_SHARE:
            return Course.TAKEN_BACK
        if door is not Door.PORTAL and first < WITHDRAWN_SHARE:
            return Course.WITHDRAWN
        if online and second < REFUSED_SHARE:
            return Course.REFUSED
        if online:
            return Course.MISSING if second < REFUSED_SHARE + MISSING_ONLINE_SHARE else Course.COMPLETE
        if second < MISSING_SHARE and any(paper.always for paper in procedure.papers):
            return Course.MISSING
        if second > 1 - ON_THE_SPOT_SHARE and door is Door.DESK and procedure.may_be_solved_on_the_spot:
            return Course.ON_THE_SPOT
        return Course.COMPLETE


def _in_batch(visit: Visit, leader: Visit, number: int) -> Visit:
    """With the others of the batch: the same person at the same desk, everything complete."""
    return replace(
        visit,
        person=leader.person,
        counter=leader.counter,
        phone=leader.phone,
        door=Door.DESK,
        course=Course.COMPLETE,
        turn=Turn.PLAIN,
        proof=HandOverProof.SIGNATURE,
        batch=number,
    )


def _again(visit: Visit, before: Visit) -> Visit:
    """Who was here just before, with the same procedure: the clerk is warned, and confirms."""
    return replace(
        visit,
        person=before.person,
        counter=before.counter,
        procedure=before.procedure,
        phone=before.phone,
        door=Door.DESK,
        course=Course.COMPLETE,
        turn=Turn.PLAIN,
    )


def _one_forgotten(visits: list[Visit]) -> list[Visit]:
    """The first who filed at the portal and whom nobody kept from it: the desk overlooks that filing."""
    for place, visit in enumerate(visits):
        if visit.door is Door.PORTAL and visit.course is Course.COMPLETE:
            visits[place] = replace(visit, course=Course.FORGOTTEN)
            break
    return visits


def opening_offset(now: datetime) -> float:
    """Seconds to move the clock so that the day begins at 08:00 of the next working day, whenever the demo is run."""
    today = now.astimezone(VIETNAM).date()
    day = CALENDAR.working_day_on_or_after(today)
    opening = datetime(day.year, day.month, day.day, tzinfo=VIETNAM) + _OPENING
    return (opening - now).total_seconds()


def forgotten_since(now: datetime) -> datetime | None:
    """When a filing must have been made whose time to answer is over now.

    Returns: None after long holidays: the desk had no hour to answer in.
    """
    for days in range(1, _LONGEST_BACK.days + 1):
        filed = now - timedelta(days=days)
        if answer_due(filed, Channel.ONLINE, CALENDAR) < now:
            return filed
    return None
