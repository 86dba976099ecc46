"""One trace over all processes; no person in any log; no door without a lock."""

from __future__ import annotations

import secrets
from pathlib import Path

import httpx
import pytest

from contracts.events.intake import DossierSubmitted
from contracts.events.routing import AgencyTransferOpened, DossierResolved, DossierTransferred
from contracts.topics import AGENCY_TRANSFERS, DOSSIER_EVENTS
from local.samples.load import handed_in_by_code
from services.kit.kafka import Record
from tests.journeys.town import JUSTICE, ONE_STOP, Town

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]

OPEN_TO_ALL = {
    ("GET", "/v1/track/{code}"),  # by code alone: finished or not
    ("POST", "/v1/track/{code}/one-time-codes"),
    ("POST", "/v1/track/{code}/withdraw"),  # asks for a one-time code
    ("POST", "/v1/track/{code}/supplement"),  # the same
    ("POST", "/v1/track/{code}/collect"),  # the same
    ("GET", "/v1/results/{token}/{id}"),  # carries its token
    ("POST", "/v1/ratings/{token}"),  # carries its token
    ("POST", "/v1/feedback"),
    ("GET", "/v1/feedback/{reference}"),  # asks for the token that was given with the reference
    ("POST", "/v1/filings/drafts"),
    ("PUT", "/v1/filings/drafts/{id}"),  # asks for the draft's token, as all below
    ("GET", "/v1/filings/drafts/{id}"),
    ("DELETE", "/v1/filings/drafts/{id}"),
    ("POST", "/v1/filings/drafts/{id}/files"),
    ("DELETE", "/v1/filings/drafts/{id}/files/{file}"),
    ("POST", "/v1/filings/drafts/{id}/submit"),
    ("GET", "/v1/procedures"),
    ("GET", "/v1/procedures/fields"),
    ("GET", "/v1/procedures/{code}"),
    ("GET", "/v1/keys/intake"),
    ("POST", "/v1/webhooks/zalo"),  # signed by Zalo
    ("GET", "/v1/webhooks/esms/{secret}"),  # carries its secret
    ("POST", "/v1/webhooks/speedsms/{secret}"),  # carries its secret
    ("GET", "/v1/public/delivery-figures"),  # sums over everybody
}
SAMPLE = {
    "code": "H12.970.00-261123-0001",
    "agency": JUSTICE,
    "id": "n-1",
    "counter": "H12.970.00",
    "secret": "guess",
    "token": "guess-guess-guess-guess",
    "reference": "PA-1",
    "form": "receipt",
    "file": "f-1",
    "delivery": "d-1",
    "kind": "received",
    "unit": JUSTICE,
    "name": "intake",
}


def traceparent(record: Record) -> str:
    return (dict(record.headers)["traceparent"] or b"").decode()


async def test_the_trace_of_the_clerks_request_runs_through_routing_and_the_agencys_software_to_the_result(
    town: Town,
) -> None:
    trace = secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"}
    code = (await town.register(town.person(), headers=headers))["code"]

    def opened(record: Record) -> bool:
        return dict(record.headers)["ce_type"] == AgencyTransferOpened.TYPE.encode() and code.encode() in record.value

    [transfer] = await town.read_until([AGENCY_TRANSFERS.name], 1, opened)
    # The agency's software goes on with the trace it was handed, as the guide for partners says.
    for action in ("accept", "complete"):
        await town.did(code, action, JUSTICE, headers={"traceparent": traceparent(transfer)})
    wanted = {kind.TYPE.encode() for kind in (DossierSubmitted, DossierTransferred, DossierResolved)}

    def of_interest(record: Record) -> bool:
        return record.key == code.encode() and dict(record.headers).get("ce_type") in wanted

    records = await town.read_until([DOSSIER_EVENTS.name], 3, of_interest)
    assert {dict(record.headers)["ce_type"] for record in records} == wanted
    assert {traceparent(record).split("-")[1] for record in [*records, transfer]} == {trace}
    spans = [traceparent(record).split("-")[2] for record in records]
    assert len(set(spans)) == len(spans)


async def test_an_answer_names_the_trace_that_the_logs_know(town: Town) -> None:
    trace = secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"}
    answer = await town.citizen.get("/v1/track/H12.970.00-200101-9999", params={"phone_last4": "0000"}, headers=headers)
    assert answer.headers["x-correlation-id"] == trace
    assert answer.json()["correlation_id"] == trace


def logs_of(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text("utf-8", "replace") for file in folder.glob("*.log")}


async def test_no_log_of_any_process_holds_a_name_a_phone_or_an_identity_number(town: Town) -> None:
    for zalo in (True, False):
        code = (await town.register(town.person(zalo=zalo)))["code"]
        await town.notice_ends(code, "received")
    broken = town.person()
    refused = await town.counter.post(
        "/v1/dossiers",
        json={
            "counter": "H12.970.00",
            "procedure_code": ONE_STOP,
            "checklist": handed_in_by_code(ONE_STOP),
            "applicant": {"full_name": broken.name, "id_number": f"{broken.id_number}9", "phone": broken.phone},
        },
        headers={"Idempotency-Key": "broken"},
    )
    assert refused.status_code == 422
    logs = logs_of(town.stack.data_dir / "logs")
    assert len(logs) >= 7
    assert "notice.attempted" in logs["notify-worker.log"]
    for name, text in logs.items():
        for person in town.people:
            for secret in (person.name, person.id_number, person.phone, f"84{person.phone[1:]}"):
                assert secret not in text, f"{name} holds personal data"


async def test_every_address_under_v1_asks_for_a_key_except_those_that_are_meant_for_everybody(town: Town) -> None:
    addresses = town.stack.addresses
    seen: set[tuple[str, str]] = set()
    async with httpx.AsyncClient(timeout=10) as stranger:
        for base in (addresses.intake, addresses.routing, addresses.notify):
            for path, methods in (await stranger.get(f"{base}/openapi.json")).json()["paths"].items():
                if not path.startswith("/v1"):
                    continue
                for method in methods:
                    place = (method.upper(), path)
                    seen.add(place)
                    url = base + path.format_map(SAMPLE)
                    body = {"json": {}} if method in {"post", "put", "patch"} else {}
                    answer = await stranger.request(method.upper(), url, **body)  # type: ignore[arg-type]
                    if place in OPEN_TO_ALL:
                        assert answer.status_code < 500, place
                    else:
                        assert (answer.status_code, answer.json().get("slug")) == (401, "key-missing"), place
    assert seen >= OPEN_TO_ALL
    assert len(seen - OPEN_TO_ALL) >= 40
