"""The year that is replayed: the figures of the district, the same from the same seed."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

import pytest

from contracts.types import Timeliness
from local.samples.load import read_samples
from local.year.catalogue import as_csv
from local.year.plan import CALENDAR, Year, plan_year
from services.intake.catalogue import read_catalogue
from services.kit.clock import VIETNAM


@pytest.fixture(scope="module")
def year() -> Year:
    return plan_year()


def test_the_year_has_the_figures_of_the_district(year: Year) -> None:
    assert len(year.lives) == 33_109 + 3_519
    assert sum(life.procedure.interlinked for life in year.lives) == 3_519
    assert year.expected == {Timeliness.EARLY: 4_641, Timeliness.ON_TIME: 31_980, None: 7}
    assert len(year.procedures) == 320
    assert len({kind.field for kind in year.procedures}) == 41
    assert {life.counter for life in year.lives} == set(read_samples().counter_codes)


def test_everything_happens_in_order_and_within_the_year(year: Year) -> None:
    for life in year.lives:
        moments = [moment for moment in (life.received_at, life.resolved_at, life.returned_at) if moment is not None]
        assert moments == sorted(moments)
        assert {moment.astimezone(VIETNAM).year for moment in moments} == {2018}
        assert CALENDAR.is_working_day(life.received_at.astimezone(VIETNAM).date())
        assert life.resolved_at is not None or life.returned_at is None
    assert max(life.received_at for life in year.lives).astimezone(VIETNAM).date() == date(2018, 12, 28)


def test_codes_grow_with_the_day_of_their_counter(year: Year) -> None:
    last: defaultdict[str, int] = defaultdict(int)
    for life in year.lives:
        series, _, number = life.code.rpartition("-")
        assert int(number) == last[series] + 1
        last[series] += 1


def test_the_moments_of_an_interlinked_dossier_lead_to_its_result(year: Year) -> None:
    lives = [life for life in year.lives if life.procedure.interlinked and life.resolved_at is not None]
    for life in lives[:500]:
        moments = [life.received_at, *(life.moment(part / 6) for part in range(1, 7))]
        assert moments == sorted(moments)
        assert moments[-1] == life.resolved_at


def test_the_same_seed_gives_the_same_year_and_a_part_of_it_is_part_of_it(year: Year) -> None:
    whole = plan_year(days=10).lives
    assert whole == year.lives[: len(whole)]
    part = plan_year(days=10, scale=0.25).lives
    assert set(part) <= set(whole)
    assert abs(len(part) - len(whole) / 4) <= 1


def test_the_catalogue_is_read_without_a_doubt(year: Year) -> None:
    file = read_catalogue(as_csv(year.procedures))
    assert (file.refused, file.doubtful, file.without_limit) == ([], [], 0)
    assert {procedure.code: procedure.mechanism == "interlinked" for procedure in file.procedures} == {
        kind.code: kind.interlinked for kind in year.procedures
    }
