"""What happens on the day: who brings what to which counter. The same seed gives the same day."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from local.samples.load import Samples
from services.intake.domain.procedure import Procedure
from services.kit import worktime
from services.kit.clock import VIETNAM

INTERLINKED_SHARE = 0.12
KAFKA_SHARE = 0.15
"""Counters whose own software sends to Kafka instead of HTTP."""
SUPPLEMENT_SHARE = 0.03
SAME_DAY_SHARE = 0.6
"""Certified copies and the like make up most of a desk's day: they are the ones done on time, not early."""
DISTRICT_SHARE = 0.4
_PREFIXES = ("032", "036", "070", "077", "086", "090", "091", "093", "097", "098")
_OPENING = timedelta(hours=8)


@dataclass(frozen=True)
class Visit:
    """One citizen at one counter."""

    number: int
    counter: str
    procedure: Procedure
    phone: str
    by_kafka: bool
    needs_supplement: bool

    @property
    def reference(self) -> str:
        return f"demo-{self.number:06d}"


def plan_day(number: int, procedures: Sequence[Procedure], samples: Samples, seed: int = 2018) -> list[Visit]:
    """Draw the day's visits. Procedures without a published limit are left out: nothing can be promised for them."""
    chance = random.Random(seed)
    promised = [procedure for procedure in procedures if procedure.limit_value is not None]
    interlinked = [p for p in promised if len(p.agencies) > 1]
    one_stop = [p for p in promised if len(p.agencies) == 1]
    same_day = [p for p in one_stop if p.limit_unit is not None and p.limit_unit.value == "same_day"]
    desk, *communes = samples.counter_codes
    visits = []
    for n in range(1, number + 1):
        if interlinked and chance.random() < INTERLINKED_SHARE:
            procedure = chance.choice(interlinked)
        elif same_day and chance.random() < SAME_DAY_SHARE:
            procedure = chance.choice(same_day)
        else:
            procedure = chance.choice(one_stop or promised)
        visits.append(
            Visit(
                number=n,
                counter=desk if chance.random() < DISTRICT_SHARE else chance.choice(communes),
                procedure=procedure,
                phone=f"{chance.choice(_PREFIXES)}{chance.randrange(10_000_000):07d}",
                by_kafka=chance.random() < KAFKA_SHARE,
                needs_supplement=chance.random() < SUPPLEMENT_SHARE,
            )
        )
    return visits


def opening_offset(now: datetime) -> float:
    """Seconds to move the clock so that the day begins at 08:00 of the next working day, whenever the demo is run."""
    calendar = worktime.WorkCalendar()
    today = now.astimezone(VIETNAM).date()
    day = calendar.working_day_on_or_after(today)
    opening = datetime(day.year, day.month, day.day, tzinfo=VIETNAM) + _OPENING
    return (opening - now).total_seconds()
