"""The simulated networks inside a test's own event loop, over real HTTP: a client for them and a receiver for receipts.

Receipts come within milliseconds and night never falls unless a test asks for it, so no test depends on the hour.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import time
from typing import Any, cast
from urllib.parse import parse_qs

import httpx
from fastapi import FastAPI, Request
from starlette.responses import Response

from local.simulators.app import create_app
from local.simulators.server import serving
from local.simulators.settings import SimulatorSettings
from local.simulators.zalo_oauth import VERIFIER_LENGTH

QUICK: dict[str, Any] = {
    "receipt_delay_min_ms": 0,
    "receipt_delay_max_ms": 20,
    "receipt_late_ms": 400,
    "hang_ms": 10_000,
    "zalo_night_block": False,
    "zalo_webhook_timeout_seconds": 0.5,
    "zalo_webhook_schedule_seconds": (0.02, 0.02, 0.02, 0.02, 0.02),
    "esms_callback_timeout_seconds": 0.2,
    "esms_callback_retry_seconds": 0.02,
    "speedsms_webhook_timeout_seconds": 0.2,
    "speedsms_webhook_retry_seconds": 0.02,
}
RECEIVED_TEMPLATE: dict[str, str] = {
    "dossier_code": "H29.16-261122-0001",
    "procedure_name": "Cấp giấy phép xây dựng nhà ở riêng lẻ",
    "due_date": "15/12/2026",
    "office_name": "Trung tâm Phục vụ hành chính công",
}
ESMS_PATH = "/esms/MainService.svc/json"
SPEEDSMS_PATH = "/speedsms/index.php"
VNPT_PATH = "/vnpt/smsbn/api"
VNPT_RESOLVED = ("H29.16-261122-0001", "Bo phan Mot cua H29.16")
"""Parameters of the template of a result that is ready."""


@dataclass(frozen=True, slots=True)
class Received:
    """One request that reached the inbox, body as raw bytes."""

    method: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Inbox:
    """A receiver of receipts; `answers` holds (status, seconds of delay) for the next requests, then 200 at once."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: deque[tuple[int, float]] = field(default_factory=deque)

    async def take(self, request: Request) -> Response:
        """Record a request and answer it as told."""
        body = await request.body()
        query = {name: values[0] for name, values in parse_qs(request.url.query, keep_blank_values=True).items()}
        self.received.append(Received(request.method, query, dict(request.headers), body))
        status, delay = self.answers.popleft() if self.answers else (200, 0.0)
        await asyncio.sleep(delay)
        return Response(status_code=status)


@asynccontextmanager
async def open_inbox() -> AsyncIterator[Inbox]:
    """Serve an inbox on a free port."""
    inbox, app = Inbox(), FastAPI()
    app.add_api_route("/receipts", inbox.take, methods=["GET", "POST"], response_class=Response)
    async with serving(app) as base_url:
        inbox.url = f"{base_url}/receipts"
        yield inbox


@dataclass(slots=True)
class Gateways:
    """A client that speaks the gateways' protocols to one running simulator."""

    settings: SimulatorSettings
    http: httpx.AsyncClient
    access_token: str = ""

    async def token(self, **form: str) -> httpx.Response:
        """Call the OAuth endpoint; what is not given is what a right client sends with the configured code."""
        secret_key = form.pop("secret_key", self.settings.zalo_app_secret)
        whole = {"app_id": self.settings.zalo_app_id, "grant_type": "authorization_code"} | form
        if whole["grant_type"] == "authorization_code":
            whole = {"code": self.settings.zalo_auth_code, "code_verifier": "v" * VERIFIER_LENGTH} | whole
        return await self.http.post("/zalo-oauth/v4/oa/access_token", data=whole, headers={"secret_key": secret_key})

    async def start_over(self) -> None:
        """Make a shared simulator forget the last test, and log in anew."""
        await self.http.post("/control/reset")
        await self.log_in()

    async def refresh(self, refresh_token: str, **form: str) -> httpx.Response:
        """Call the OAuth endpoint with a refresh token."""
        return await self.token(grant_type="refresh_token", refresh_token=refresh_token, **form)

    async def log_in(self) -> None:
        """Take an access token for the calls that follow, where the code can still buy one."""
        self.access_token = (await self.token()).json().get("access_token", "")

    async def zalo(self, phone: str, **body: Any) -> httpx.Response:
        """Send the template "received"; a value of None takes a field out of the body."""
        whole = {"phone": phone, "template_id": "300101", "template_data": RECEIVED_TEMPLATE, "tracking_id": "T1"}
        chosen = {name: value for name, value in (whole | body).items() if value is not None}
        return await self.http.post("/zalo/message/template", json=chosen, headers={"access_token": self.access_token})

    async def zalo_get(self, path: str, **query: str) -> Any:
        """Call a reading endpoint of Zalo and return its JSON."""
        reply = await self.http.get(f"/zalo{path}", params=query, headers={"access_token": self.access_token})
        return reply.json()

    async def sms(self, phone: str, **body: Any) -> httpx.Response:
        """Send a customer-care text; a value of None takes a field out of the body."""
        whole = {
            "ApiKey": self.settings.esms_api_key,
            "SecretKey": self.settings.esms_secret_key,
            "Phone": phone,
            "Content": "MOTCUA: Ho so H29.16-261122-0001 da co ket qua.",
            "Brandname": self.settings.esms_brandname,
            "SmsType": "2",
        }
        chosen = {name: value for name, value in (whole | body).items() if value is not None}
        return await self.http.post(f"{ESMS_PATH}/SendMultipleMessage_V4_post_json/", json=chosen)

    async def sms_status(self, sms_id: str) -> Any:
        """Ask eSMS for the state of a text."""
        keys = {"ApiKey": self.settings.esms_api_key, "SecretKey": self.settings.esms_secret_key}
        return (await self.http.get(f"{ESMS_PATH}/GetSendStatus", params={"RefId": sms_id} | keys)).json()

    async def speedsms(self, *phones: str, **body: Any) -> httpx.Response:
        """Send a text through SpeedSMS; a value of None takes a field out of the body."""
        whole = {
            "to": list(phones),
            "content": "MOTCUA: Ho so H29.16-261122-0001 da co ket qua.",
            "sms_type": 3,
            "sender": self.settings.speedsms_sender,
        }
        chosen = {name: value for name, value in (whole | body).items() if value is not None}
        return await self.http.post(f"{SPEEDSMS_PATH}/sms/send", json=chosen, auth=(self.settings.speedsms_token, "x"))

    async def speedsms_get(self, path: str) -> Any:
        """Call a reading endpoint of SpeedSMS and return its JSON."""
        reply = await self.http.get(f"{SPEEDSMS_PATH}{path}", auth=(self.settings.speedsms_token, "x"))
        return reply.json()

    async def vnpt(self, method: str, **fields: Any) -> dict[str, str]:
        """Call VNPT and return what is in RPLY; a value of None takes a field out of RQST."""
        chosen = {key: value for key, value in (self._vnpt_account(method) | fields).items() if value is not None}
        reply = await self.http.post(VNPT_PATH, json={"RQST": chosen})
        return cast(dict[str, str], reply.json()["RPLY"])

    def vnpt_list(self, *phones: str) -> dict[str, Any]:
        """Return a whole RQST with the template of a result that is ready."""
        return self._vnpt_account("send_sms_list") | {
            "REQID": "r-1",
            "CONTRACTTYPEID": "1",
            "TEMPLATEID": "700104",
            "PARAMS": [{"NUM": str(n), "CONTENT": text} for n, text in enumerate(VNPT_RESOLVED, start=1)],
            "SCHEDULETIME": "",
            "MOBILELIST": ",".join(phones),
            "ISTELCOSUB": "0",
            "DATACODING": "0",
        }

    def _vnpt_account(self, method: str) -> dict[str, Any]:
        return {
            "name": method,
            "AGENTID": self.settings.vnpt_agent_id,
            "LABELID": self.settings.vnpt_label_id,
            "CONTRACTID": self.settings.vnpt_contract_id,
            "USERNAME": self.settings.vnpt_username,
            "APIUSER": self.settings.vnpt_api_user,
            "APIPASS": self.settings.vnpt_api_pass,
        }

    async def vnpt_sms(self, *phones: str, **fields: Any) -> dict[str, str]:
        """Send the template of a result that is ready through VNPT."""
        return await self.vnpt("send_sms_list", **(self.vnpt_list(*phones) | fields))

    async def vnpt_status(self, request_id: str, **fields: Any) -> dict[str, str]:
        """Ask VNPT for the state of a call."""
        return await self.vnpt("get_sms_status_api", REQID=request_id, SENDTIME="22/11/2026", **fields)

    async def messages(self, **query: Any) -> list[dict[str, Any]]:
        """Return what the ledger holds."""
        reply = await self.http.get("/control/messages", params=query)
        return cast(list[dict[str, Any]], reply.json()["messages"])

    async def faults(self, **change: Any) -> httpx.Response:
        """Replace the faults in force."""
        return await self.http.put("/control/faults", json=change)


@asynccontextmanager
async def open_gateways(wall: Callable[[], float] = time, **settings: Any) -> AsyncIterator[Gateways]:
    """Serve the simulated networks on a free port and log in to Zalo."""
    chosen = SimulatorSettings(**(QUICK | {"port": 0} | settings))
    async with (
        serving(create_app(chosen, wall=wall)) as base_url,
        httpx.AsyncClient(base_url=base_url, timeout=5.0, trust_env=False) as http,
    ):
        gateways = Gateways(chosen, http)
        await gateways.log_in()
        yield gateways
