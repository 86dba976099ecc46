"""The day of the demonstration: drawn by a seed, begun at eight on a working morning."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.demo.counters import applicant
from local.demo.day import DISTRICT_SHARE, INTERLINKED_SHARE, KAFKA_SHARE, Visit, opening_offset, plan_day
from local.samples.load import read_samples
from services.intake.applicants import ApplicantIn
from services.intake.catalogue_file import read_catalogue
from services.kit import worktime
from services.kit.clock import VIETNAM

SAMPLES = read_samples()
PROCEDURES = read_catalogue(SAMPLES.procedures_file.read_bytes()).procedures
MANY = 4000


@pytest.fixture(scope="module")
def visits() -> list[Visit]:
    return plan_day(MANY, PROCEDURES, SAMPLES)


def test_the_same_seed_gives_the_same_day_and_another_seed_another() -> None:
    assert plan_day(200, PROCEDURES, SAMPLES, 7) == plan_day(200, PROCEDURES, SAMPLES, 7)
    assert plan_day(200, PROCEDURES, SAMPLES, 7) != plan_day(200, PROCEDURES, SAMPLES, 8)


def test_a_shorter_day_is_the_beginning_of_a_longer_one() -> None:
    assert plan_day(300, PROCEDURES, SAMPLES)[:100] == plan_day(100, PROCEDURES, SAMPLES)


def test_the_shares_of_the_day_are_those_that_are_written_down(visits: list[Visit]) -> None:
    interlinked = sum(len(visit.procedure.agencies) > 1 for visit in visits) / MANY
    at_district = sum(visit.counter == SAMPLES.counter_codes[0] for visit in visits) / MANY
    by_kafka = sum(visit.by_kafka for visit in visits) / MANY
    assert interlinked == pytest.approx(INTERLINKED_SHARE, abs=0.02)
    assert at_district == pytest.approx(DISTRICT_SHARE, abs=0.03)
    assert by_kafka == pytest.approx(KAFKA_SHARE, abs=0.02)


def test_every_visit_is_one_that_the_system_can_promise_a_date_for(visits: list[Visit]) -> None:
    assert all(visit.procedure.limit_value is not None for visit in visits)
    assert {visit.counter for visit in visits} == set(SAMPLES.counter_codes)


def test_every_applicant_is_well_formed_and_no_reference_is_given_twice(visits: list[Visit]) -> None:
    for visit in visits[:200]:
        ApplicantIn.model_validate(applicant(visit))
    assert Counter(visit.reference for visit in visits).most_common(1)[0][1] == 1


def test_a_catalogue_of_interlinked_procedures_only_still_makes_a_day() -> None:
    only = [procedure for procedure in PROCEDURES if len(procedure.agencies) > 1]
    assert len(plan_day(50, only, SAMPLES)) == 50


MOMENTS = st.datetimes(datetime(2021, 1, 1), datetime(2026, 12, 20), timezones=st.just(UTC))


@given(now=MOMENTS)
def test_the_clock_is_moved_to_eight_on_a_working_day_whenever_the_demo_is_run(now: datetime) -> None:
    opening = (now + timedelta(seconds=opening_offset(now))).astimezone(VIETNAM)
    nearest = round(opening.timestamp())
    moment = datetime.fromtimestamp(nearest, VIETNAM)
    assert abs(opening.timestamp() - nearest) < 0.001
    assert (moment.hour, moment.minute, moment.second) == (8, 0, 0)
    assert worktime.WorkCalendar().is_working_day(moment.date())
    assert moment.date() >= now.astimezone(VIETNAM).date()
