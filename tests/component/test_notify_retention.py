"""Contacts are wiped after their time, never before, and the facts stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from contracts.events import DossierEvent
from contracts.types import Outcome
from services.kit.commit import Committer
from services.kit.lease import Lease
from services.kit.work import Work
from services.notify.consumers import SOURCE
from services.notify.domain.recipient import Recipient
from services.notify.domain.steps import cancel, give_up
from services.notify.preferences import LearnRefusal
from services.notify.preferences.store import PREFERENCES
from services.notify.retention import Retention, WipeContact
from services.notify.store import NOTICES, RECIPIENTS
from tests.component.dump import whole_database
from tests.component.notify_fixtures import COUNTER, PHONE, Town, code, now
from tests.component.notify_fixtures import town as town

KEPT = timedelta(days=7)
LONGEST = timedelta(days=400)
WEEK_LATER = KEPT + timedelta(minutes=5)
Clock = Callable[[], datetime]


def at(later: timedelta) -> Clock:
    return lambda: now() + later


async def retention(
    town: Town, later: timedelta, lease: Lease | None = None, kept: timedelta = KEPT, longest: timedelta = LONGEST
) -> Retention:
    committer = Committer(town.mongo, SOURCE, at(later))
    return Retention(town.mongo, committer, lease or await town.lease(), at(later), kept, longest)


async def wiped(town: Town, later: timedelta = WEEK_LATER, kept: timedelta = KEPT) -> int:
    return await (await retention(town, later, kept=kept)).once()


async def recipient(town: Town, dossier: str = "") -> Recipient:
    found = await RECIPIENTS.read(town.mongo, dossier or code())
    assert found is not None
    return found


async def ends(town: Town, dossier: str = "", later: timedelta = timedelta(0)) -> None:
    """All notices of a dossier come to their end."""
    for notice in await town.notices(dossier or code()):
        if notice.is_final:
            continue
        ended = replace(cancel(notice, now() + later).notice, next_at=None)
        await town.mongo.collection(NOTICES.collection).update_one(
            {"_id": notice.id}, {"$set": NOTICES.to_document(ended)}
        )


async def test_the_contact_of_a_returned_dossier_goes_after_a_week_and_all_else_stays(town: Town) -> None:
    event = town.submitted(code())
    await town.happens(event, town.resolved(code()))
    async with town.working():
        pass
    await town.happens(town.returned(code()))
    await ends(town)
    before, notices = await recipient(town), await town.notices(code())
    assert event.contact in whole_database(town.settings)
    assert await wiped(town, KEPT - timedelta(minutes=5)) == 0
    assert await recipient(town) == before
    assert await wiped(town) == 1
    after = await recipient(town)
    assert (after.contact, after.contact_wiped, after.wants_notices, after.quiet_since) == (None, True, True, None)
    assert after.notices == before.notices
    assert await town.notices(code()) == notices
    assert event.contact not in whole_database(town.settings)
    assert PHONE[1:] not in whole_database(town.settings)
    assert await wiped(town) == 0
    reply = await town.api.get(f"/v1/dossiers/{code()}/notices", headers=await town.key(["operator"]))
    assert reply.json()["wants_notices"] is True
    assert len(reply.json()["notices"]) == 3


@pytest.mark.parametrize("last", ["refused", "withdrawn", "returned", "terminated"])
async def test_whatever_ends_a_dossier_lets_the_contact_go(town: Town, last: str) -> None:
    def event() -> DossierEvent:
        if last == "terminated":
            return town.resolved(code()).model_copy(update={"outcome": Outcome.TERMINATED})
        made: DossierEvent = getattr(town, last)(code())
        return made

    await town.happens(town.registered(code()) if last == "refused" else town.submitted(code()), event())
    await ends(town)
    assert await wiped(town) == 1
    assert (await recipient(town)).contact_wiped


async def test_a_result_that_waits_at_the_counter_keeps_the_contact(town: Town) -> None:
    await town.happens(town.submitted(code()), town.resolved(code()))
    await ends(town)
    assert await wiped(town, timedelta(days=399)) == 0
    assert (await recipient(town)).contact is not None


async def test_a_result_that_nobody_collects_does_not_keep_it_for_ever(town: Town) -> None:
    """The longest time counts from the end of the last notice; what comes still later is told to nobody."""
    await town.happens(town.submitted(code()), town.resolved(code()))
    await ends(town, later=timedelta(days=30))
    for days in (7.1, 15, 401, 429):
        assert await wiped(town, timedelta(days=days)) == 0
    assert await wiped(town, timedelta(days=431)) == 1
    assert (await recipient(town)).contact_wiped
    made = len(await town.notices(code()))
    await town.happens(town.code_issued(code()), town.returned(code()))
    assert len(await town.notices(code())) == made
    assert await wiped(town, timedelta(days=900)) == 0


async def test_a_dossier_of_which_nothing_is_ever_told_loses_its_contact_too(town: Town) -> None:
    """Migrated from a paper register, and never heard of again."""
    await town.happens(town.submitted(code(), backfill=True))
    assert await town.notices(code()) == []
    for days in (8, 399):
        assert await wiped(town, timedelta(days=days)) == 0
    assert await wiped(town, timedelta(days=401)) == 1


async def test_a_new_sign_of_life_begins_the_longest_time_anew(town: Town) -> None:
    await town.happens(town.submitted(code()))
    await ends(town)
    assert await wiped(town, timedelta(days=300)) == 0
    await town.happens(town.code_issued(code()))
    await ends(town, later=timedelta(days=350))
    assert await wiped(town, timedelta(days=401)) == 0
    assert await wiped(town, timedelta(days=751)) == 1


async def test_a_contact_is_looked_at_once_in_its_longest_time_and_not_at_every_round(town: Town) -> None:
    await town.happens(town.submitted(code()))
    await wiped(town, timedelta(days=8))
    before = await town.mongo.collection(RECIPIENTS.collection).find_one({"_id": code()})
    await wiped(town, timedelta(days=16))
    assert await town.mongo.collection(RECIPIENTS.collection).find_one({"_id": code()}) == before


async def test_without_any_time_of_keeping_it_the_contact_stays_until_all_is_said(town: Town) -> None:
    await town.happens(town.submitted(code()), town.returned(code()))
    for _ in range(2):
        assert await wiped(town, timedelta(seconds=1), kept=timedelta(0)) == 0
    async with town.working():
        pass
    await ends(town)
    assert await wiped(town, timedelta(seconds=5), kept=timedelta(0)) == 1


async def test_a_withdrawal_that_is_void_keeps_the_contact_until_the_result_is_collected(town: Town) -> None:
    await town.happens(town.submitted(code()), town.withdrawn(code()), town.resolved(code()))
    await town.happens(town.submitted(code(8)), town.resolved(code(8)), town.withdrawn(code(8)))
    for dossier in (code(), code(8)):
        await ends(town, dossier)
    assert await wiped(town) == 0
    await town.happens(town.returned(code()), town.returned(code(8)))
    for dossier in (code(), code(8)):
        await ends(town, dossier)
    assert await wiped(town) == 2


async def test_a_result_that_routing_tells_of_after_it_was_handed_over_changes_nothing(town: Town) -> None:
    await town.happens(
        town.submitted(code(), resolved_at=now(), outcome=Outcome.GRANTED), town.returned(code()), town.resolved(code())
    )
    await ends(town)
    assert await wiped(town) == 1


async def test_nothing_goes_while_a_notice_is_under_way_and_the_week_begins_when_it_ended(town: Town) -> None:
    await town.happens(town.submitted(code()), town.returned(code()))
    assert await wiped(town) == 0
    await ends(town, later=WEEK_LATER)
    assert await wiped(town, 2 * KEPT) == 0
    assert await wiped(town, 2 * WEEK_LATER + timedelta(minutes=5)) == 1


async def test_what_happens_to_a_wiped_dossier_makes_no_notice_and_breaks_nothing(town: Town) -> None:
    await town.happens(town.submitted(code()), town.returned(code()))
    await ends(town)
    assert await wiped(town) == 1
    made = len(await town.notices(code()))
    await town.happens(town.code_issued(code()), town.supplement_requested(code()), town.returned(code()))
    assert len(await town.notices(code())) == made
    assert (await recipient(town)).contact_wiped
    assert await wiped(town, timedelta(days=400)) == 0


async def test_a_citizen_without_a_contact_has_nothing_to_wipe(town: Town) -> None:
    await town.happens(town.submitted(code(), phone=None), town.returned(code()))
    assert await wiped(town) == 0
    known = await recipient(town)
    assert (known.wants_notices, known.contact_wiped) == (False, False)


async def test_a_notice_made_between_the_look_and_the_wipe_keeps_the_contact(town: Town) -> None:
    """The decision looks again at what is stored, and its write fails where somebody else was first."""
    await town.happens(town.submitted(code()), town.returned(code()))
    await ends(town)
    later = now() + WEEK_LATER
    work = Work(SOURCE, later)
    decision = WipeContact(code(), KEPT, LONGEST)
    await work.load(town.mongo, [*decision.needs()])
    await town.happens(town.code_issued(code()))
    committer = Committer(town.mongo, SOURCE, lambda: later)
    assert await committer.run(decision) is False
    assert (await recipient(town)).contact is not None
    assert await wiped(town) == 0


async def test_many_are_wiped_in_one_round_and_only_by_the_process_that_leads(town: Town) -> None:
    for number in range(1, 8):
        await town.happens(town.submitted(code(number)), town.returned(code(number)))
        await ends(town, code(number))
    idle = await retention(town, WEEK_LATER, Lease(town.mongo, "somebody-else"))
    assert await idle.once() == 0
    assert await wiped(town) == 7


async def test_learned_refusals_go_with_the_same_loop(town: Town) -> None:
    await Committer(town.mongo, SOURCE, now).run(LearnRefusal("f" * 64, now() + timedelta(days=90)))
    await wiped(town, timedelta(days=89))
    assert await town.mongo.collection(PREFERENCES.collection).count_documents({}) == 1
    await wiped(town, timedelta(days=91))
    assert await town.mongo.collection(PREFERENCES.collection).count_documents({}) == 0


async def test_an_end_on_the_call_list_counts_as_an_end(town: Town) -> None:
    await town.happens(town.submitted(code()), town.returned(code()))
    for notice in await town.notices(code()):
        given_up = give_up(notice, now(), "sms-recipient").notice
        await town.mongo.collection(NOTICES.collection).update_one(
            {"_id": notice.id}, {"$set": NOTICES.to_document(given_up)}
        )
    assert await wiped(town) == 1
    calls = await town.api.get(f"/v1/call-list?counter={COUNTER}", headers=await town.key(["operator"]))
    assert len(calls.json()["entries"]) == 2


async def test_looking_for_what_must_go_uses_an_index(town: Town) -> None:
    await town.happens(town.submitted(code()), town.returned(code()))
    query = {"wipes": {"$lt": now() + KEPT}}
    found = town.mongo.collection(RECIPIENTS.collection).find(query, {"wipes": 1})
    plan = await found.sort([("wipes", 1), ("_id", 1)]).limit(200).explain()
    assert "IXSCAN" in str(plan["queryPlanner"]["winningPlan"])
