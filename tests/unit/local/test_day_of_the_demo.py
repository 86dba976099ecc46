"""The day of the demonstration: drawn by a seed, begun at eight on a working morning."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.types import Channel, HandOverProof
from local.demo.calls import applicant, application
from local.demo.day import (
    BATCH_EVERY,
    BATCH_SIZE,
    DISTRICT_SHARE,
    INTERLINKED_SHARE,
    KAFKA_SHARE,
    PORTAL_SHARE,
    forgotten_since,
    opening_offset,
    plan_day,
)
from local.demo.visit import Course, Door, Turn, Visit
from local.samples.load import read_samples
from services.intake.applicants import ApplicantIn
from services.intake.bodies import ApplicationIn, lines
from services.intake.catalogue import read_catalogue
from services.intake.domain.checklist import check, lacking
from services.intake.promise import answer_due
from services.kit import worktime
from services.kit.clock import VIETNAM

SAMPLES = read_samples()
PROCEDURES = SAMPLES.catalogue().procedures
WITHOUT_PAPERS = read_catalogue(SAMPLES.procedures_file.read_bytes()).procedures
MANY = 4000
AT_AGENCIES = {Course.COMPLETE, Course.MISSING, Course.FORGOTTEN}
"""An agency finishes what comes so far."""


@pytest.fixture(scope="module")
def visits() -> list[Visit]:
    return plan_day(MANY, PROCEDURES, SAMPLES)


def test_the_same_seed_gives_the_same_day_and_another_seed_another() -> None:
    assert plan_day(200, PROCEDURES, SAMPLES, 7) == plan_day(200, PROCEDURES, SAMPLES, 7)
    assert plan_day(200, PROCEDURES, SAMPLES, 7) != plan_day(200, PROCEDURES, SAMPLES, 8)


def test_a_shorter_day_is_the_beginning_of_a_longer_one() -> None:
    longer = plan_day(300, PROCEDURES, SAMPLES)
    for number in (100, BATCH_EVERY, BATCH_EVERY + 1):
        assert longer[:number] == plan_day(number, PROCEDURES, SAMPLES)


def test_the_shares_of_the_day_are_those_that_are_written_down(visits: list[Visit]) -> None:
    ordinary = [visit for visit in visits if visit.batch is None]
    interlinked = sum(len(visit.procedure.agencies) > 1 for visit in visits) / MANY
    at_district = sum(visit.counter == SAMPLES.counter_codes[0] for visit in visits) / MANY
    doors = Counter(visit.door for visit in ordinary)
    assert interlinked == pytest.approx(INTERLINKED_SHARE, abs=0.02)
    assert at_district == pytest.approx(DISTRICT_SHARE, abs=0.03)
    assert doors[Door.SOFTWARE] / len(ordinary) == pytest.approx(KAFKA_SHARE, abs=0.02)
    assert doors[Door.PORTAL] / len(ordinary) == pytest.approx(PORTAL_SHARE, abs=0.02)


def test_a_day_of_sixty_shows_every_door_every_course_every_proof_and_a_low_score() -> None:
    """If it does not, after a change of shares or samples: take another seed."""
    day = plan_day(60, PROCEDURES, SAMPLES)
    assert {visit.door for visit in day} == set(Door)
    assert {visit.course for visit in day} == set(Course)
    assert {visit.proof for visit in day} == set(HandOverProof)
    assert {visit.turn for visit in plan_day(120, PROCEDURES, SAMPLES) if visit.course in AT_AGENCIES} == set(Turn)
    assert any(visit.score is not None and visit.score <= 2 for visit in day)
    assert any(visit.person != visit.number and visit.batch is None for visit in day)


def test_every_visit_is_one_that_the_system_can_promise_a_date_for(visits: list[Visit]) -> None:
    assert all(visit.procedure.limit_value is not None for visit in visits)
    assert {visit.counter for visit in visits} == set(SAMPLES.counter_codes)


def test_every_applicant_is_well_formed_and_no_reference_is_given_twice(visits: list[Visit]) -> None:
    for visit in visits[:200]:
        ApplicantIn.model_validate(applicant(visit))
        ApplicationIn.model_validate(application(visit))
    assert Counter(visit.reference for visit in visits).most_common(1)[0][1] == 1


def test_a_complete_checklist_lacks_nothing_and_a_gap_is_one_paper_that_the_desk_asks_for(visits: list[Visit]) -> None:
    for visit in visits[:500]:
        papers = visit.procedure.papers
        whole = lines(ApplicationIn.model_validate(application(visit)).checklist)
        assert lacking(papers, check(papers, whole)) == ()
        if visit.lacking is not None:
            gap = lines(ApplicationIn.model_validate(application(visit, complete=False)).checklist)
            assert lacking(papers, check(papers, gap)) == (visit.lacking,)
            assert [item["paper"] for item in visit.wanted()] == [visit.lacking]
            assert [line["paper"] for line in visit.brought()] == [visit.lacking]


def test_only_who_brings_several_dossiers_or_comes_again_is_there_twice_and_only_then_is_a_warning_expected(
    visits: list[Visit],
) -> None:
    """Anything else that the system suspects as a duplicate is a mistake of the system."""
    people = Counter(visit.person for visit in visits)
    for visit in visits:
        if visit.person == visit.number:
            continue
        first = visits[visit.person - 1]
        assert (visit.counter, visit.phone, visit.door) == (first.counter, first.phone, Door.DESK)
        before = visits[visit.number - 2]
        again = visit.batch is None and (visit.person, visit.procedure) == (before.person, before.procedure)
        assert again or visit.batch == visit.person
    assert len({visit.phone for visit in visits}) >= 0.99 * len(people)


def test_what_comes_in_one_go_is_complete_and_for_one_desk(visits: list[Visit]) -> None:
    batches = Counter(visit.batch for visit in visits if visit.batch is not None)
    assert set(batches.values()) <= {BATCH_SIZE, 1}
    assert all(visit.course is Course.COMPLETE for visit in visits if visit.batch is not None)


def test_only_what_passes_several_agencies_is_sent_back_to_the_one_before(visits: list[Visit]) -> None:
    sent_back = [visit for visit in visits if visit.turn is Turn.SENT_BACK]
    assert sent_back
    assert all(len(visit.procedure.agencies) > 1 for visit in sent_back)
    assert sum(visit.turn is not Turn.PLAIN for visit in visits) < MANY / 4


def test_on_the_spot_is_only_what_the_law_lets_a_desk_solve_at_once(visits: list[Visit]) -> None:
    solved = [visit for visit in visits if visit.course is Course.ON_THE_SPOT]
    assert solved
    assert all(visit.procedure.may_be_solved_on_the_spot for visit in solved)


def test_a_catalogue_of_interlinked_procedures_only_still_makes_a_day() -> None:
    only = [procedure for procedure in PROCEDURES if len(procedure.agencies) > 1]
    assert len(plan_day(50, only, SAMPLES)) == 50


def test_a_catalogue_that_publishes_no_papers_makes_a_day_without_gaps_at_the_desk() -> None:
    day = plan_day(500, WITHOUT_PAPERS, SAMPLES)
    assert all(visit.checklist(complete=True) == visit.brought() == [] for visit in day)
    assert {visit.door for visit in day if visit.course is Course.MISSING} <= {Door.PORTAL, Door.FORM}
    assert all("name" in visit.wanted()[0] for visit in day)


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


@given(now=MOMENTS)
def test_the_forgotten_filing_is_believed_and_past_its_answer_date(now: datetime) -> None:
    opening = now + timedelta(seconds=opening_offset(now))
    filed = forgotten_since(opening)
    if filed is None:  # the desk was closed for most of a week
        assert not worktime.WorkCalendar().is_working_day((opening - timedelta(days=2)).astimezone(VIETNAM).date())
    else:
        assert opening - timedelta(days=7) < filed
        assert answer_due(filed, Channel.ONLINE, worktime.WorkCalendar()) < opening
