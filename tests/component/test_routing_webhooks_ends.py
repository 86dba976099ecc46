"""How webhooks end: 410, a day of failing, a dead letter, deleted; and how secrets are changed."""

from __future__ import annotations

from pydantic import SecretStr

from services.kit.sealing import new_private_key
from services.routing.webhooks.store import DELIVERIES
from tests.component.service_fixtures import dossier
from tests.component.webhook_fixtures import ACCEPTED, TRANSFERRED, Partner, Town, partner, signatures, town
from tests.eventually import eventually

__all__ = ["partner", "town"]


class TestEnds:
    async def test_410_ends_the_subscription_and_buries_what_waits(self, town: Town, partner: Partner) -> None:
        made = await town.subscribe(partner, TRANSFERRED, ACCEPTED)
        await town.case()
        partner.fail(410)
        await town.happens(town.transferred(), town.accepted())
        async with town.sending():
            await eventually(town.nothing_waits)
        shown = await town.shown(made)
        assert (shown["state"], shown["reason"]) == ("ended", "gone")
        assert sorted((d["state"], d["reason"]) for d in shown["deliveries"]) == [
            ("dead", "gone"), ("dead", "subscription-ended"),
        ]  # fmt: skip
        await town.happens(town.transferred(transfer=2))
        assert len(await town.documents(DELIVERIES.collection)) == 2
        assert len(partner.events) == 1

    async def test_a_subscription_that_fails_for_24_hours_is_paused_until_a_test_is_answered(
        self, town: Town, partner: Partner
    ) -> None:
        made = await town.subscribe(partner)
        for number in (1, 2):
            await town.case(number)
        partner.answer = lambda _: 503
        async with town.sending():
            await town.happens(town.transferred(1))
            await eventually(lambda: town.tried(made))
            town.time.forward(hours=23)
            await eventually(lambda: len(partner.events) == 2)
            await eventually(lambda: town.has_failed(made, 2))
            assert (await town.shown(made))["state"] == "active"
            await town.happens(town.transferred(2))
            town.time.forward(hours=2)
            await eventually(lambda: town.is_paused(made))
            await town.happens(town.transferred(2, transfer=2))
            shown = await town.shown(made)
            assert (shown["reason"], shown["paused_at"] is not None) == ("failing", True)
            assert len(shown["deliveries"]) == 2, "nothing new is kept"
            calls = len(partner.events)
            await town.rounds_pass()
            assert len(partner.events) == calls

            refused = await town.ask("POST", made["id"], "test")
            assert (refused.json()["answered"], refused.json()["error"]) == (False, "http-503")
            assert (await town.shown(made))["state"] == "paused"

            partner.recover()
            answered = (await town.ask("POST", made["id"], "test")).json()
            assert (answered["answered"], answered["subscription"]["state"]) == (True, "active")
            assert answered["subscription"]["resumed_at"] is not None
            await eventually(town.nothing_waits)
            assert "transfer-opened 2" in partner.names

    async def test_a_dossier_that_cannot_be_digested_becomes_a_dead_letter_and_a_person_retries_it(
        self, town: Town, partner: Partner
    ) -> None:
        made = await town.subscribe(partner, TRANSFERRED, ACCEPTED)
        for number in (1, 2, 3):
            await town.case(number)
        partner.fail(500, dossiers=[1])
        async with town.sending():
            await town.happens(town.transferred(1))
            await eventually(lambda: town.tried(made))
            await town.happens(town.transferred(2))
            await eventually(lambda: "transferred 2" in partner.names)
            town.time.forward(hours=25)
            await eventually(lambda: town.has_dead(made))
            shown = await town.shown(made, state="dead")
            [dead] = shown["deliveries"]
            assert (dead["code"], dead["reason"], dead["last_error"]) == (dossier(1), "gave-up", "http-500")
            assert (shown["state"], shown["counts"]) == ("active", {"waiting": 0, "dead": 1})
            await town.happens(town.accepted(1), town.transferred(3))
            partner.recover()
            await eventually(lambda: "transfer-accepted 1" in partner.names)
            reply = await town.ask("POST", made["id"], "deliveries", dead["id"], "retry")
            assert (reply.status_code, reply.json()["state"], reply.json()["attempts"]) == (202, "waiting", 0)
            await eventually(town.nothing_waits)
        assert [got.id for got in partner.events].count(dead["id"]) == 3

    async def test_deleting_a_subscription_ends_all_calls(self, town: Town, partner: Partner) -> None:
        made = await town.subscribe(partner)
        await town.case()
        partner.fail(500)
        async with town.sending():
            await town.happens(town.transferred())
            await eventually(lambda: town.tried(made))
            for _ in range(2):
                assert (await town.ask("DELETE", made["id"])).status_code == 204
            await eventually(town.nothing_waits)
            town.time.forward(hours=1)
            await town.happens(town.transferred(transfer=2))
            await town.rounds_pass()
        assert len(partner.events) == 1
        shown = await town.shown(made)
        assert (shown["state"], shown["reason"], shown["counts"]["dead"]) == ("ended", "deleted", 1)
        assert (await town.ask("GET")).json()["subscriptions"] == []

    async def test_a_new_secret_signs_beside_the_old_one_for_a_day(self, town: Town, partner: Partner) -> None:
        made = await town.subscribe(partner)
        old = made["secret"]
        reply = await town.ask("POST", made["id"], "rotate-secret")
        new = reply.json()["secret"]
        assert new != old
        await town.case()
        async with town.sending():
            await town.happens(town.transferred())
            await town.settled(partner, "transfer-opened 1")
            assert signatures(partner.events[0], new, old) == [True, True]
            town.time.forward(hours=25)
            await town.happens(town.transferred(transfer=2))
            await eventually(lambda: len(partner.events) == 2)
        assert signatures(partner.events[1], new, old) == [True, False]

    async def test_a_secret_that_our_key_does_not_open_fails_the_delivery_and_says_so(
        self, town: Town, partner: Partner
    ) -> None:
        made = await town.subscribe(partner)
        await town.case()
        async with town.sending(routing_private_key=SecretStr(new_private_key())):
            await town.happens(town.transferred())
            await eventually(lambda: town.tried(made))
        assert (await town.shown(made))["deliveries"][0]["last_error"] == "secret-unreadable"
        assert partner.events == []
