"""Officers' contacts and the notices made for them: once each, for their own unit, and idle when they should be."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contracts.events.routing import DossierDueSoon, DossierEscalated, DossierOverdue, DossierStepCompleted
from contracts.types import NoticeKind, Outcome, Timeliness
from local.simulators.server import serving
from services.kit.commit import Committer
from services.kit.failures import PARKED_KEYS
from services.kit.ids import new_id
from services.kit.outbox import OUTBOX
from services.notify.api import create_app
from services.notify.commands.cancel_waiting import CancelWaiting
from services.notify.consumers import SOURCE
from services.notify.contact import open_contact
from services.notify.domain.notice import Notice
from services.notify.officers.officer import contact_of
from services.notify.officers.store import OFFICERS
from services.notify.store import RECIPIENTS
from tests.component.dump import whole_database
from tests.component.notify_fixtures import PHONE, Town, code, now
from tests.component.notify_fixtures import town as town
from tests.eventually import eventually

UNIT, ABOVE = "H99.07", "H99"
PATH = f"/v1/units/{UNIT}/officers"
HEAD = {"label": "Trưởng phòng", "phone": "0901234560", "kinds": ["due_soon", "overdue"]}
CLERK = {"label": "Chuyên viên", "phone": "0901234561", "channel": "sms", "kinds": ["overdue"]}
LEADER = {"label": "Phó chủ tịch", "phone": "0901234562", "kinds": ["overdue"]}


@pytest.fixture
async def desk(town: Town) -> AsyncIterator[httpx.AsyncClient]:
    """The API with notify's public key, as an operator calls it."""
    settings = town.settings.model_copy(update={"notify_public_key": town.opener.public_key})
    async with (
        serving(create_app(settings, settings.mongo("notify"))) as url,
        httpx.AsyncClient(base_url=url, headers=await town.key(["operator"]), trust_env=False) as client,
    ):
        yield client


async def put(desk: httpx.AsyncClient, *officers: dict[str, Any], unit: str = UNIT) -> list[str]:
    reply = await desk.put(f"/v1/units/{unit}/officers", json={"officers": officers})
    assert reply.status_code == 200, reply.text
    return [officer["id"] for officer in reply.json()["officers"]]


def soon(step: int | None = 1, dossier: str = "", **more: Any) -> DossierDueSoon:
    due_at = now() + timedelta(hours=4)
    return DossierDueSoon(
        code=dossier or code(), occurred_at=now(), agency=UNIT, **({"due_at": due_at, "step": step} | more)
    )


def late(step: int | None = 1, **more: Any) -> DossierOverdue:
    return DossierOverdue(code=code(), occurred_at=now(), agency=UNIT, due_at=now(), step=step, **more)


def escalated() -> DossierEscalated:
    return DossierEscalated(code=code(), occurred_at=now(), rule="silence", agency=UNIT, to=ABOVE, step=1)


def completed(step: int) -> DossierStepCompleted:
    return DossierStepCompleted(
        code=code(), occurred_at=now(), step=step, agency=UNIT, outcome=Outcome.GRANTED, timeliness=Timeliness.ON_TIME,
        step_due_at=now(), waited_minutes=0, worked_minutes=1,
    )  # fmt: skip


async def warnings(town: Town) -> list[Notice]:
    return [notice for notice in await town.notices(code()) if notice.unit]


async def told(town: Town) -> list[tuple[str, str, str]]:
    return sorted((notice.unit, notice.officer, notice.kind) for notice in await warnings(town))


async def swept(town: Town) -> dict[str, str]:
    """Kinds with their states, after the sender's sweep."""
    recipient = await RECIPIENTS.read(town.mongo, code())
    assert recipient is not None
    await Committer(town.mongo, SOURCE, now).run(CancelWaiting(code(), recipient.notices))
    return {notice.kind: notice.state for notice in await warnings(town)}


async def test_every_officer_who_wants_it_gets_one_notice_whatever_is_redelivered(
    town: Town, desk: httpx.AsyncClient
) -> None:
    head, clerk = await put(desk, HEAD, CLERK)
    [leader] = await put(desk, LEADER, unit=ABOVE)
    await town.happens(town.submitted(code()))
    for event, id in ((soon(), new_id()), (late(), new_id()), (escalated(), new_id())):
        for _ in range(3):
            await town.happens(event, event_id=id)
    assert await told(town) == sorted(
        [(UNIT, head, "due_soon"), (UNIT, head, "overdue"), (UNIT, clerk, "overdue"), (ABOVE, leader, "overdue")]
    )
    assert len({notice.id for notice in await town.notices(code())}) == 5
    [notice] = [notice for notice in await warnings(town) if notice.unit == ABOVE]
    assert (notice.reasons, notice.correlation_id, notice.counter) == (("silence",), "correlation", "H99.01")


async def test_a_repeat_that_the_inbox_has_forgotten_makes_nothing_new(town: Town, desk: httpx.AsyncClient) -> None:
    await put(desk, HEAD, CLERK)
    event, id = late(), new_id()
    await town.happens(town.submitted(code()))
    await town.happens(event, event_id=id)
    await town.mongo.collection("inbox").delete_many({})
    await town.happens(event, event_id=id)
    assert len(await warnings(town)) == 2


async def test_a_unit_without_contacts_or_wishes_is_told_nothing(town: Town, desk: httpx.AsyncClient) -> None:
    await put(desk, CLERK)
    await town.happens(town.submitted(code()), soon(), escalated())
    assert await told(town) == []


async def test_history_and_dossiers_that_are_not_known_yet(town: Town, desk: httpx.AsyncClient) -> None:
    """Paper registers warn nobody. A dossier whose beginning nobody told us has nobody to wait for: it never parks."""
    await town.happens(soon())
    assert await town.mongo.collection(PARKED_KEYS).count_documents({}) == 0
    await put(desk, HEAD)
    await town.happens(late(backfill=True))
    assert await told(town) == []
    await town.happens(late())
    assert await town.mongo.collection(PARKED_KEYS).count_documents({}) == 0
    assert await told(town) == []
    await town.happens(town.submitted(code()), late())
    assert len(await told(town)) == 1


async def test_officers_hear_of_a_dossier_whose_citizen_wants_no_notices(town: Town, desk: httpx.AsyncClient) -> None:
    [head] = await put(desk, HEAD)
    await town.happens(town.submitted(code(), phone=None), soon())
    assert await told(town) == [(UNIT, head, "due_soon")]


async def test_overdue_and_the_end_of_a_step_make_what_waits_of_that_step_idle(
    town: Town, desk: httpx.AsyncClient
) -> None:
    await put(desk, HEAD)
    await town.happens(town.submitted(code()), soon(step=1), late(step=2))
    assert await swept(town) == {"due_soon": "created", "overdue": "created"}
    await town.happens(late(step=1))
    assert await swept(town) == {"due_soon": "cancelled", "overdue": "created"}
    await town.happens(completed(1), completed(2))
    assert await swept(town) == {"due_soon": "cancelled", "overdue": "cancelled"}


@pytest.mark.parametrize("end", ["resolved", "withdrawn", "returned"])
async def test_the_end_of_a_dossier_ends_what_waits_and_what_still_comes(
    town: Town, desk: httpx.AsyncClient, end: str
) -> None:
    await put(desk, HEAD)
    await town.happens(town.submitted(code()), soon(step=None), late(step=2), getattr(town, end)(code()))
    assert await swept(town) == {"due_soon": "cancelled", "overdue": "cancelled"}
    await town.happens(late(step=3))
    assert len(await warnings(town)) == 2


async def test_a_new_date_makes_what_waits_idle_and_later_warnings_are_true(
    town: Town, desk: httpx.AsyncClient
) -> None:
    await put(desk, HEAD)
    await town.happens(town.submitted(code()), soon(), town.supplement_requested(code()))
    assert await swept(town) == {"due_soon": "cancelled"}
    await town.happens(late())
    assert (await swept(town))["overdue"] == "created"


async def test_what_officers_are_told_is_no_event_of_the_citizens_story(town: Town, desk: httpx.AsyncClient) -> None:
    await put(desk, HEAD)
    await town.happens(town.submitted(code(), phone=None), soon(), late(), completed(1))
    assert set((await swept(town)).values()) == {"cancelled"}
    assert await town.told() == []
    assert await town.mongo.collection(OUTBOX).count_documents({}) == 0


async def test_a_roles_new_phone_gets_what_was_on_its_way_and_a_role_that_is_gone_nothing(
    town: Town, desk: httpx.AsyncClient
) -> None:
    await put(desk, HEAD, CLERK)
    await town.happens(town.submitted(code()), late())
    await put(desk, HEAD | {"phone": "0901234569"})
    unit = await OFFICERS.read(town.mongo, UNIT)
    sealed = [contact_of(unit, notice.officer) for notice in await warnings(town)]
    [reached] = [open_contact(town.opener, contact) for contact in sealed if contact is not None]
    assert reached.phone == "84901234569"
    assert len(sealed) == 2


async def test_the_message_goes_to_the_officers_phone_and_none_to_the_citizens(
    town: Town, desk: httpx.AsyncClient
) -> None:
    await put(desk, HEAD, CLERK)
    await town.happens(town.submitted(code(), phone=None), late())
    async with town.working():

        async def all_ended() -> bool:
            return all(notice.is_final for notice in await warnings(town))

        await eventually(all_ended)
    assert sorted((notice.channel, notice.state) for notice in await warnings(town)) == [
        ("sms", "delivered"), ("zalo", "delivered"),
    ]  # fmt: skip
    messages = await town.messages()
    assert sorted(message["phone"][-9:] for message in messages) == ["901234560", "901234561"]
    assert await town.told() == []


async def test_contacts_are_shown_without_anything_of_the_phone(town: Town, desk: httpx.AsyncClient) -> None:
    ids = await put(desk, HEAD, CLERK)
    reply = await desk.get(PATH)
    assert reply.json() == {
        "unit": UNIT,
        "officers": [
            {"id": ids[0], "label": "Trưởng phòng", "kinds": ["due_soon", "overdue"]},
            {"id": ids[1], "label": "Chuyên viên", "kinds": ["overdue"]},
        ],
    }
    assert (await desk.get("/v1/units/H98/officers")).json() == {"unit": "H98", "officers": []}
    assert await put(desk) == []
    assert (await desk.get(PATH)).json()["officers"] == []


async def test_no_phone_of_an_officer_is_stored_or_logged(
    town: Town, desk: httpx.AsyncClient, capfd: pytest.CaptureFixture[str]
) -> None:
    await put(desk, HEAD, CLERK)
    await town.happens(town.submitted(code()), late())
    dump, said = whole_database(town.settings), "".join(capfd.readouterr())
    assert "Trưởng phòng" in dump
    for phone in (PHONE, HEAD["phone"], CLERK["phone"]):
        assert str(phone)[1:] not in dump
        assert str(phone)[1:] not in said


async def test_only_operators_may_read_or_change(town: Town, desk: httpx.AsyncClient) -> None:
    body = {"officers": [HEAD]}
    for headers, status in (({"Authorization": ""}, 401), (await town.key([f"agency:{UNIT}", "counter:H99.01"]), 403)):
        assert (await desk.get(PATH, headers=headers)).status_code == status
        assert (await desk.put(PATH, json=body, headers=headers)).status_code == status
    assert await town.mongo.collection(OFFICERS.collection).count_documents({}) == 0


@pytest.mark.parametrize(
    ("officers", "slug"),
    [
        ([HEAD | {"phone": "02438220000"}], "phone-not-mobile"),
        ([HEAD, CLERK | {"phone": "+84901234560"}], "officer-phone-repeated"),
        ([HEAD | {"label": "Ông A 0901234560"}], "officer-label-unfit"),
        ([HEAD | {"phone": f"09012345{n:02d}"} for n in range(21)], "officers-too-many"),
        ([HEAD | {"kinds": []}], "request-invalid"),
        ([HEAD | {"kinds": ["lunch"]}], "request-invalid"),
        ([HEAD | {"phone": "1" * 31}], "request-invalid"),
    ],
)
async def test_what_is_no_list_of_contacts_is_refused_whole(
    town: Town, desk: httpx.AsyncClient, officers: Sequence[dict[str, Any]], slug: str
) -> None:
    reply = await desk.put(PATH, json={"officers": officers})
    assert (reply.status_code, reply.json()["slug"]) == (422, slug)
    assert "901234" not in reply.text
    assert await town.mongo.collection(OFFICERS.collection).count_documents({}) == 0


async def test_an_officer_hears_of_dossiers_only(town: Town, desk: httpx.AsyncClient) -> None:
    """A kind that is told to citizens is none for officers."""
    reply = await desk.put(PATH, json={"officers": [HEAD | {"kinds": [NoticeKind.RECEIVED]}]})
    assert (reply.status_code, reply.json()["slug"]) == (422, "officer-kind-unknown")


async def test_without_notifys_public_key_no_contact_can_be_entered(town: Town) -> None:
    reply = await town.api.put(PATH, json={"officers": [HEAD]}, headers=await town.key(["operator"]))
    assert (reply.status_code, reply.json()["slug"]) == (503, "officers-off")
