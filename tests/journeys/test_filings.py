"""What comes without a receipt: filed online, completed, answered late; and how it ends at the citizen's door."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest

from contracts.events.counter import CommandAccepted, FileDossier
from contracts.topics import COUNTER_INTAKE, COUNTER_REPLIES
from contracts.types import Channel
from local.demo.day import forgotten_since
from local.samples.load import handed_in_by_code
from services.intake.attachments.file_types import PNG
from services.kit.clock import VIETNAM
from services.kit.kafka import Record
from services.kit.sealing import Sealer
from tests.eventually import eventually
from tests.journeys.town import DESK, JUSTICE, ONE_STOP, Citizen, Town
from tests.replies import refused
from tests.unit.intake.file_fixtures import photo

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]

COMPLETE = handed_in_by_code(ONE_STOP)
LAST = COMPLETE[-1]["paper"]
ONLINE = [line | {"state": "digital"} for line in COMPLETE[:-1]]
PHOTO = photo(PNG, 40, 30)
WITH_A_GAP = [*ONLINE, {"paper": LAST, "state": "missing", "reason": "missing-papers"}]


async def fill_in(town: Town, who: Citizen) -> str:
    """With our own form: a draft, saved, a photo of a paper, handed in. Returns: the dossier's code."""
    began = await town.citizen.post("/v1/filings/drafts")
    path, headers = began.headers["location"], {"Authorization": f"Draft {began.json()['token']}"}
    form = {
        "counter": DESK,
        "procedure_code": ONE_STOP,
        "applicant": who.as_applicant(),
        "checklist": WITH_A_GAP,
        "external_ref": None,
    }
    saved = await town.citizen.put(path, json=form, headers=headers | {"If-Match": began.headers["etag"]})
    assert saved.status_code == 200, saved.text
    paper = {"kind": "paper", "paper": "1", "name": "hop-dong.png"}
    sent = await town.citizen.post(f"{path}/files", params=paper, content=PHOTO, headers=headers)
    assert sent.status_code == 201, sent.text
    filed = await town.citizen.post(f"{path}/submit", headers=headers)
    assert filed.status_code == 201, filed.text
    code: str = filed.json()["code"]
    return code


async def photo_of(town: Town, paper: int) -> dict[str, str]:
    """Uploaded to a draft of its own, which carries it to the dossier."""
    began = (await town.citizen.post("/v1/filings/drafts")).json()
    sent = await town.citizen.post(
        f"/v1/filings/drafts/{began['draft_id']}/files",
        params={"paper": paper},
        content=PHOTO,
        headers={"Authorization": f"Draft {began['token']}", "Content-Type": "image/png"},
    )
    assert sent.status_code == 201, sent.text
    return {"draft_id": began["draft_id"], "draft_token": began["token"]}


async def read_code(town: Town, who: Citizen, words: str) -> str:
    """The six digits of the last text of that purpose."""
    return await town.texted(who, rf"{words} ([0-9]{{6}}),")


async def test_from_the_online_form_over_completion_agency_and_one_time_code_to_the_rating_by_link(town: Town) -> None:
    citizen = town.person()
    code = await fill_in(town, citizen)
    told = await town.told(citizen, "filed", code)
    assert told["template_data"]["due_date"]
    waiting = await town.at_counter(code, "registered")
    assert (waiting["receipt"], waiting["status_code"]) == (None, 1)
    assert [line["paper"] for line in waiting["checklist"] if line["lacks"]] == [LAST]
    refused(await town.counter.post(f"/v1/dossiers/{code}/accept", json={}), 409, "checklist-incomplete")

    await town.at_desk(code, "request-completion", items=[{"paper": LAST, "reason": "missing-papers"}])
    await town.told(citizen, "supplement", code)
    sent = await town.citizen.post(f"/v1/track/{code}/one-time-codes")
    assert sent.status_code == 202, sent.text
    bring = await photo_of(town, LAST) | {"one_time_code": await read_code(town, citizen, "ma tra cuu")}
    brought = await town.citizen.post(f"/v1/track/{code}/supplement", json=bring)
    assert brought.status_code == 200, brought.text
    [request] = (await town.at_counter(code, "registered"))["requests"]
    assert [(c["paper"], c["before"]) for c in request["changes"]] == [(LAST, "missing")]

    receipt = await town.at_desk(code, "accept", clerk="Cán bộ A")
    assert receipt["due_at"] > receipt["received_at"]
    await town.told(citizen, "received", code)
    await town.offered_to(JUSTICE, code)
    await town.finish(code)
    await town.told(citizen, "resolved", code)
    await town.at_counter(code, "resolved")

    assert (await town.counter.post(f"/v1/dossiers/{code}/one-time-codes")).status_code == 201
    digits = await read_code(town, citizen, "ma nhan ket qua")
    proof = {"proof": "one_time_code", "identity_check": "citizen_card"}
    wrong = {"one_time_code": f"{(int(digits) + 1) % 1_000_000:06d}"}
    refused(await town.counter.post(f"/v1/dossiers/{code}/hand-over", json=proof | wrong), 403, "one-time-code-wrong")
    handed = await town.at_desk(code, "hand-over", **proof, one_time_code=digits)
    assert handed["status"] == "returned"

    link = (await town.told(citizen, "returned", code))["template_data"]["rating_link"]
    page = await town.citizen.get(link)
    assert (page.status_code, "attitude_score" in page.text) == (200, True)
    token = link.rpartition("/")[2]
    answer = {"overall": 2, "time_score": 2, "attitude_score": 0, "comment": "Phải đợi lâu ở quầy."}
    assert (await town.citizen.post(f"/v1/ratings/{token}", json=answer)).status_code == 201
    again = await town.citizen.post(f"/v1/ratings/{token}", json=answer)
    assert (again.status_code, again.headers.get("idempotent-replayed")) == (201, "true")
    refused(await town.citizen.post(f"/v1/ratings/{token}", json=answer | {"overall": 5}), 409, "already-rated")
    follow_ups = (await town.counter.get("/v1/follow-ups", params={"counter": DESK})).json()["follow_ups"]
    assert [f["scores"]["overall"] for f in follow_ups if f["code"] == code] == [2]

    for kind in ("filed", "supplement", "received", "resolved", "returned", "one_time_code"):
        assert (await town.notice_ends(code, kind))["state"] == "delivered"
    shown = await town.by_kind(citizen)
    assert shown == {"filed": 1, "supplement": 1, "received": 1, "resolved": 1, "returned": 1, "sms": 2}
    kinds = [line["kind"] for line in (await town.track(code, citizen))["timeline"]]
    assert kinds == [
        "registered", "completion-requested", "resubmitted", "submitted", "transferred", "transfer-accepted",
        "step-completed", "resolved", "returned",
    ]  # fmt: skip


async def test_a_filing_that_is_refused_ends_with_its_ground_and_no_agency_hears_of_it(town: Town) -> None:
    citizen = town.person()
    code = await fill_in(town, citizen)
    await town.told(citizen, "filed", code)
    await town.at_desk(code, "refuse", grounds=["not-competent-agency"])
    told = await town.told(citizen, "refused", code)
    assert told["template_data"]["reason"] == "Không thuộc thẩm quyền giải quyết"
    story = await town.track(code, citizen)
    assert (story["status_code"], story["finished"]) == (3, True)
    assert (await town.agency.get(f"/v1/cases/{code}")).status_code == 404
    assert await town.by_kind(citizen) == {"filed": 1, "refused": 1}


async def tell(town: Town, who: Citizen, code: str, **changes: Any) -> CommandAccepted:
    """What the national portal says of a dossier of its own. Returns: the answer."""
    key = (await town.citizen.get("/v1/keys/intake")).json()["public_key"]
    filing = FileDossier(
        counter=DESK, code=code, procedure_code=ONE_STOP, channel=Channel.ONLINE, checklist=COMPLETE,
        applicant=Sealer(key).seal(orjson.dumps(who.as_applicant())), **changes,
    )  # fmt: skip
    before = len(await answers(town, code))
    await town.send(COUNTER_INTAKE.name, DESK, filing)

    async def one_more() -> CommandAccepted:
        found = await answers(town, code)
        assert len(found) > before
        return found[-1]

    return await eventually(one_more)


async def answers(town: Town, code: str) -> list[CommandAccepted]:
    """Acceptances that name a dossier, as they lie in intake's journal."""
    intake = town.stack.mongo("intake")
    rows = [
        event["body"]
        async for document in intake.collection("outbox").find({"events.topic": COUNTER_REPLIES.name}).sort("_id", 1)
        for event in document["events"]
        if event["type"] == CommandAccepted.TYPE
    ]
    await intake.close()
    found = [CommandAccepted.model_validate_json(body) for body in rows]
    return [answer for answer in found if answer.code == code]


def portal_code(town: Town, number: int) -> str:
    return f"H12.000.00-{town.stack.clock.now().astimezone(VIETNAM):%y%m%d}-15{number:04d}"


async def test_a_filing_of_the_national_portal_keeps_its_code_for_life_whatever_the_portal_tells_twice(
    town: Town,
) -> None:
    citizen = town.person()
    code = portal_code(town, 7001)
    first = await tell(town, citizen, code)
    assert (first.code, first.repeated) == (code, False)
    assert (await tell(town, citizen, code)).repeated
    await town.told(citizen, "filed", code)
    await town.at_desk(code, "accept")
    await town.finish(code)
    await town.told(citizen, "resolved", code)
    await town.hand_over(code)
    await town.told(citizen, "returned", code)
    assert (await town.track(code, citizen))["status_code"] == 10

    def answer_to_it(record: Record) -> bool:
        return record.value is not None and code.encode() in record.value

    assert len(await town.read_until([COUNTER_REPLIES.name], 2, answer_to_it)) == 2


async def test_a_filing_that_the_portal_takes_back_is_gone_from_the_desk(town: Town) -> None:
    citizen = town.person()
    code = portal_code(town, 7002)
    await tell(town, citizen, code)
    await town.told(citizen, "filed", code)
    await tell(town, citizen, code, portal_status=7)
    assert (await town.at_counter(code, "withdrawn"))["allowed"] == []
    await town.told(citizen, "withdrawn", code)
    refused(await town.counter.post(f"/v1/dossiers/{code}/accept", json={}), 409, "filing-not-waiting")
    assert (await town.agency.get(f"/v1/cases/{code}")).status_code == 404


async def test_a_filing_that_nobody_answers_in_time_is_flagged_by_itself_and_can_still_be_accepted(town: Town) -> None:
    """NQ 66.7/2025/NQ-CP Art 8: 8 working hours."""
    citizen = town.person()
    filed_at = forgotten_since(town.stack.clock.now())
    if filed_at is None:
        pytest.skip("the desk was closed for the days before this one")
    code = portal_code(town, 7003)
    await tell(town, citizen, code, occurred_at=filed_at)

    async def flagged() -> dict[str, Any]:
        shown = await town.at_counter(code, "registered")
        assert shown["answer_overdue"]
        return shown

    shown = await eventually(flagged)
    assert [line["kind"] for line in shown["timeline"]] == ["registered", "answer-overdue"]
    receipt = await town.at_desk(code, "accept")
    # The limit runs from the acceptance (NĐ 309/2026 Art 17.3): the desk's delay is not the citizen's.
    since = town.stack.clock.now() - timedelta(minutes=5)
    assert receipt["received_at"] > since.isoformat()
    await town.finish(code)
    await town.hand_over(code)
    assert (await town.case(code))["timeliness"] == "early"
