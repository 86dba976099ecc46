"""Webhooks at work: signed, in order, again until heard, and a crash or a slow partner costs nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from contracts.envelope import from_headers
from contracts.events.routing import AgencyTransferOpened
from services.kit.batch import INBOX
from services.kit.consumer import Consumer
from services.kit.errors import Unavailable
from services.kit.ids import new_id
from services.kit.work import Work
from services.routing.consumers import HANDLERS
from services.routing.webhooks.commands.claim_delivery import ClaimDelivery
from services.routing.webhooks.commands.deliver import DeliverToSubscribers
from services.routing.webhooks.store import DELIVERIES, ROSTER, lane_id
from tests.component.service_fixtures import COMMUNE, DISTRICT, OFFICE, PROCEDURE, dossier, published, submitted
from tests.component.webhook_fixtures import (
    ACCEPTED,
    HANG,
    OPENED,
    RETURNED,
    SUBMITTED,
    TRANSFERRED,
    WITHDRAWN,
    Partner,
    Town,
    partner,
    partner_server,
    signatures,
    town,
)
from tests.eventually import eventually

__all__ = ["partner", "town"]


@pytest.fixture
async def other() -> AsyncIterator[Partner]:
    async with partner_server() as opened:
        yield opened


class TestWhoIsTold:
    async def test_an_agency_is_told_of_its_transfer_in_a_signed_cloud_event(
        self, town: Town, partner: Partner
    ) -> None:
        made = await town.subscribe(partner, OPENED, TRANSFERRED)
        code = await town.case()
        id = new_id()
        async with town.sending():
            await town.happens(town.transferred(), id=id)
            await town.settled(partner, "transferred 1", "transfer-opened 1")
        first, second = partner.events
        assert (first.id, second.id) == (id, f"{id}-opened")
        assert signatures(first, made["secret"]) == signatures(second, made["secret"]) == [True]
        event = from_structured(HTTPMessage(second.headers, second.body), JSONFormat(), CloudEvent)
        assert (event.get_type(), event.get_subject(), event.get_id()) == (OPENED, code, f"{id}-opened")
        notice = AgencyTransferOpened.model_validate(event.get_data())
        assert (notice.agency, notice.procedure_code, notice.transfer) == (OFFICE, PROCEDURE, 1)
        assert await town.states(made) == ["delivered", "delivered"]

    async def test_others_are_not_told_of_what_does_not_concern_them(
        self, town: Town, partner: Partner, other: Partner
    ) -> None:
        """A step is its agency's own business; what happens to the whole dossier is everybody's who has a step."""
        for place, agency in ((partner, OFFICE), (other, COMMUNE)):
            await town.subscribe(place, TRANSFERRED, WITHDRAWN, agency=agency)
        stranger = await town.subscribe(partner, TRANSFERRED, WITHDRAWN, agency=DISTRICT)
        await town.case(1, OFFICE, COMMUNE)
        async with town.sending():
            await town.happens(town.transferred(1, OFFICE), town.withdrawn(1))
            await town.settled(partner, "transferred 1", "withdrawn 1")
            await town.settled(other, "withdrawn 1")
        assert await town.states(stranger) == []

    async def test_filters_by_type_procedure_counter_and_backfill(self, town: Town, partner: Partner) -> None:
        await town.subscribe(partner, WITHDRAWN, procedures=[PROCEDURE], counters=["H12.970"])
        await town.case(1)
        await town.case(2, procedure_code="1.000001")
        await town.case(3, counter="H12.971.00")
        async with town.sending():
            await town.happens(*(town.withdrawn(number) for number in (2, 3)), town.withdrawn(1, backfill=True))
            await town.happens(town.transferred(1), town.withdrawn(1))
            await town.settled(partner, "withdrawn 1")
            assert "backfill" not in partner.events[0].event["data"] or not partner.events[0].event["data"]["backfill"]
        assert len(await town.documents(DELIVERIES.collection)) == 1

    async def test_without_a_subscription_one_document_is_asked_for_and_nothing_stored(
        self, town: Town, partner: Partner
    ) -> None:
        record = town.record(town.transferred())
        decision = DeliverToSubscribers(town.transferred(), from_headers(record.headers))
        assert [ref.store for ref in decision.needs()] == [ROSTER]
        work = Work("/routing", town.time.now())
        await work.load(town.mongo, decision.needs())
        decision.decide(work, work.now)  # would ask for more if it needed it
        assert not work.has_changes
        await town.subscribe(partner, WITHDRAWN)
        work = Work("/routing", town.time.now())
        await work.load(town.mongo, decision.needs())
        decision.decide(work, work.now)  # nobody asks for this type either
        assert not work.has_changes

    async def test_an_event_is_told_with_what_is_decided_about_it_and_not_before(
        self, town: Town, partner: Partner
    ) -> None:
        """A dossier that waits for its workflow has no case and concerns nobody yet."""
        town.consumer = Consumer("routing", town.mongo, "/routing", town.time.now, HANDLERS)
        await town.subscribe(partner, SUBMITTED)
        async with town.sending():
            await town.take(submitted(dossier(1)))
            assert await town.documents(DELIVERIES.collection) == []
            await town.take(published(), topic="catalogue.procedures.v1")
            await town.retry()
            await town.settled(partner, "submitted 1")

    async def test_events_from_before_the_subscription_are_not_sent(self, town: Town, partner: Partner) -> None:
        await town.case()
        await town.happens(town.transferred())
        await town.subscribe(partner, WITHDRAWN, TRANSFERRED)
        async with town.sending():
            await town.happens(town.withdrawn())
            await town.settled(partner, "withdrawn 1")


class TestAgain:
    async def test_a_failure_is_tried_again_under_the_same_id(self, town: Town, partner: Partner) -> None:
        made = await town.subscribe(partner)
        await town.case()
        partner.fail(500, times=1)
        async with town.sending(webhook_retry_first_seconds=0.1):
            await town.happens(town.transferred())
            await eventually(lambda: len(partner.events) == 2)
            await eventually(lambda: town.all_delivered(made))
        assert len({got.id for got in partner.events}) == 1
        assert partner.events[0].body == partner.events[1].body
        [delivery] = (await town.shown(made))["deliveries"]
        assert (delivery["attempts"], delivery["last_status"], delivery["last_error"]) == (2, 200, None)
        assert (await town.shown(made))["failing_since"] is None

    async def test_a_partner_that_does_not_answer_is_left_after_the_time_limit(
        self, town: Town, partner: Partner
    ) -> None:
        made = await town.subscribe(partner)
        await town.case()
        partner.fail(HANG, times=1)
        async with town.sending(webhook_timeout_seconds=0.5, webhook_retry_first_seconds=0.1):
            await town.happens(town.transferred())
            await eventually(lambda: town.all_delivered(made))
        assert len(partner.events) >= 2

    @pytest.mark.parametrize(
        ("status", "error"), [(500, "http-500"), (400, "http-400"), (301, "redirect"), (HANG, "timeout")]
    )
    async def test_what_went_wrong_is_shown(self, town: Town, partner: Partner, status: int, error: str) -> None:
        made = await town.subscribe(partner)
        await town.case()
        partner.headers = {"Location": partner.url + "/elsewhere"}
        partner.fail(status)
        async with town.sending(webhook_timeout_seconds=0.3 if status == HANG else 10.0):
            await town.happens(town.transferred())
            await eventually(lambda: town.tried(made))
        shown = await town.shown(made)
        assert (shown["deliveries"][0]["state"], shown["deliveries"][0]["last_error"]) == ("waiting", error)
        assert (shown["failures"], shown["failing_since"] is not None) == (1, True)
        assert {got.path for got in partner.got} == {"hook"}, "a redirect is not followed"

    async def test_retry_after_is_honoured(self, town: Town, partner: Partner) -> None:
        made = await town.subscribe(partner)
        await town.case()
        await town.case(2)
        partner.headers = {"Retry-After": "3600"}
        partner.fail(429, times=1)
        async with town.sending():
            await town.happens(town.transferred())
            await eventually(lambda: town.tried(made))
            await town.happens(town.transferred(2))
            town.time.forward(minutes=59)
            await town.rounds_pass()
            assert partner.names == ["transfer-opened 1"], "the whole address rests"
            town.time.forward(minutes=2)
            await town.settled(partner, "transfer-opened 1", "transfer-opened 1", "transfer-opened 2")

    async def test_a_long_answer_is_not_read(self, town: Town, partner: Partner) -> None:
        made = await town.subscribe(partner)
        await town.case()
        partner.content = b"x" * 20_000_000
        async with town.sending():
            await town.happens(town.transferred())
            await eventually(lambda: town.all_delivered(made))
        assert not [d for d in await town.documents(DELIVERIES.collection) if "xxx" in str(d)]

    async def test_a_record_that_comes_again_makes_no_second_delivery(self, town: Town, partner: Partner) -> None:
        """Neither with the consumer's memory of it nor without."""
        made = await town.subscribe(partner)
        await town.case()
        id = new_id()
        async with town.sending():
            await town.happens(town.transferred(), id=id)
            await eventually(lambda: town.all_delivered(made))
            await town.happens(town.transferred(), id=id)
            await town.mongo.collection(INBOX).delete_many({})
            await town.happens(town.transferred(), id=id)
            await town.happens(town.transferred(transfer=2))
            # It comes last: whatever else the dossier had to tell was told before.
            await eventually(lambda: [got for got in partner.events if got.event["data"]["transfer"] == 2])
        assert [got.event["data"]["transfer"] for got in partner.events] == [1, 2]
        assert len(await town.documents(DELIVERIES.collection)) == 2

    async def test_a_crash_between_the_call_and_its_record_repeats_it_under_the_same_id(
        self, town: Town, partner: Partner
    ) -> None:
        made = await town.subscribe(partner)
        code = await town.case()
        await town.happens(town.transferred())
        dying = await town.sender()
        call = await town.committer().run(ClaimDelivery(lane_id(made["id"], code), made["id"], dying.policy))
        assert call is not None
        assert (await dying._call(call)).status == 200
        assert await town.states(made) == ["waiting"]
        async with town.sending():
            await town.rounds_pass()
            assert len(partner.events) == 1, "the claim is still good"
            town.time.forward(seconds=21)
            await eventually(lambda: town.all_delivered(made))
        assert [got.id for got in partner.events] == [call.delivery.event] * 2

    async def test_an_answer_is_kept_until_the_database_takes_it(
        self, town: Town, partner: Partner, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A database that is away for a moment costs no second call."""
        made = await town.subscribe(partner)
        await town.case()
        sender = await town.sender()
        run, refused = sender.committer.run, 0

        async def away(decision: object, **more: object) -> object:
            nonlocal refused
            if type(decision).__name__ == "RecordAnswer" and refused < 2:
                refused += 1
                raise Unavailable("gone for a moment")
            return await run(decision, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(sender.committer, "run", away)
        await town.happens(town.transferred())
        await sender.once()
        await eventually(lambda: town.all_delivered(made))
        assert (refused, len(partner.events)) == (2, 1)


class TestOrder:
    async def test_a_later_event_of_a_dossier_waits_and_other_dossiers_do_not(
        self, town: Town, partner: Partner
    ) -> None:
        made = await town.subscribe(partner, TRANSFERRED, ACCEPTED, RETURNED)
        for number in (1, 2):
            await town.case(number)
        partner.fail(500, dossiers=[1])
        async with town.sending(webhook_retry_first_seconds=0.2, webhook_retry_longest_seconds=0.2):
            await town.happens(
                *(event for n in (1, 2) for event in (town.transferred(n), town.accepted(n), town.returned(n)))
            )
            await eventually(lambda: {"transferred 2", "transfer-accepted 2", "returned 2"} <= set(partner.names))
            await eventually(lambda: partner.names.count("transferred 1") >= 2)
            assert {name for name in partner.names if name.endswith(" 1")} == {"transferred 1"}
            partner.recover()
            await eventually(lambda: town.all_delivered(made))
        for number in (1, 2):
            heard = list(dict.fromkeys(name for name in partner.names if name.endswith(f" {number}")))
            assert heard == [f"{what} {number}" for what in ("transferred", "transfer-accepted", "returned")]

    async def test_many_events_of_many_dossiers_come_in_order_of_each(self, town: Town, partner: Partner) -> None:
        await town.subscribe(partner, TRANSFERRED, ACCEPTED, RETURNED)
        numbers = range(1, 31)
        for number in numbers:
            await town.case(number)
        failing = iter(range(10**6))
        partner.answer = lambda _: 503 if next(failing) % 7 == 3 else 200
        async with town.sending(webhook_retry_first_seconds=0.05, webhook_retry_longest_seconds=0.05):
            for make in (town.transferred, town.accepted, town.returned):
                await town.happens(*(make(number) for number in numbers))
            await eventually(lambda: len({got.id for got in partner.events}) == 90)
            await eventually(town.nothing_waits)
        for number in numbers:
            heard = list(dict.fromkeys(name for name in partner.names if name.endswith(f" {number}")))
            assert heard == [f"{what} {number}" for what in ("transferred", "transfer-accepted", "returned")]

    async def test_a_slow_partner_holds_up_nobody_else(self, town: Town, partner: Partner, other: Partner) -> None:
        slow = await town.subscribe(partner)
        await town.subscribe(other, agency=COMMUNE)
        for number in range(1, 21):
            await town.case(number, OFFICE, COMMUNE)
        partner.fail(HANG)
        async with town.sending(webhook_concurrency=4, webhook_timeout_seconds=60.0):
            await town.happens(*(town.transferred(number, OFFICE) for number in range(1, 21)))
            await eventually(lambda: len(partner.events) == 4)
            await town.happens(*(town.transferred(number, COMMUNE) for number in range(1, 21)))
            await town.settled(other, *(f"transfer-opened {number}" for number in range(1, 21)))
            assert len(partner.events) == 4, "it has no more calls at a time than its share"
            assert set(await town.states(slow)) == {"waiting"}
            partner.released.set()
