"""Which gateways a notice may take: places, pace, and what is claimed in the same round."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from contracts.types import NoticeKind
from services.notify.channels import Gateway
from services.notify.desk import LONGEST_BACKLOG_S, Desk
from services.notify.domain.results import Result, Verdict
from services.notify.domain.routes import Trait
from services.notify.pace import Paces
from services.notify.stops import MOST_SILENT, Stops
from tests.unit.notify.ladder_fixtures import SMS, ZALO, new_notice

NOW = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)


class Quiet:
    """Only what the desk asks of a gateway."""

    def __init__(self, trait: Trait) -> None:
        self.trait = trait


def desk(places: int = 32, **rates: float) -> Desk:
    traits = (Trait("zalo", ZALO), Trait("esms", SMS), Trait("speedsms", SMS))
    gateways = {trait.provider: cast(Gateway, Quiet(trait)) for trait in traits}
    stops = Stops(lambda: NOW, timedelta(minutes=5))
    order: Any = lambda dice: ["esms", "speedsms"]  # noqa: E731
    return Desk(gateways, stops, order, lambda notice: {}, Paces(rates, default=1e6), places)


def busy(subject: Desk) -> set[str]:
    return set(subject.routes(new_notice(), 0.5).busy)


def test_a_gateway_with_all_its_places_taken_leaves_the_others_free() -> None:
    subject = desk(places=2)
    with subject.call("esms"), subject.call("esms"):
        assert busy(subject) == {"esms"}
    assert busy(subject) == set()


def test_claims_of_one_round_know_of_each_other_and_a_claim_decided_again_of_itself_nothing() -> None:
    subject = desk(places=2)
    for id in ("a", "a", new_notice().id):
        subject.takes(id, "esms")
    assert busy(subject) == set()
    subject.takes("b", "esms")
    assert busy(subject) == {"esms"}
    subject.begin_round()
    assert busy(subject) == set()


def test_nobody_is_claimed_for_a_pace_that_cannot_take_him_soon() -> None:
    subject = desk(speedsms=1)
    for number in range(5):
        subject.takes(f"n-{number}", "speedsms")
        if number >= LONGEST_BACKLOG_S:
            assert busy(subject) == {"speedsms"}
    subject.begin_round()
    for _ in range(4):
        subject.paces.of("speedsms").book()
    assert busy(subject) == {"speedsms"}


def test_a_gateway_that_answers_nothing_any_more_rests() -> None:
    subject, silence = desk(), Result(Verdict.NO_ANSWER, "timeout")
    for _ in range(MOST_SILENT - 1):
        subject.stops.heed("zalo", NoticeKind.RECEIVED, silence)
    subject.stops.heed("zalo", NoticeKind.RECEIVED, Result(Verdict.TAKEN, "0"))
    subject.stops.heed("zalo", NoticeKind.RECEIVED, silence)
    assert not subject.routes(new_notice(), 0.5).closed
    for _ in range(MOST_SILENT):
        subject.stops.heed("zalo", NoticeKind.RECEIVED, silence)
    assert set(subject.routes(new_notice(), 0.5).closed) == {"zalo"}
