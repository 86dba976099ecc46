"""The simulators as a process: started from the command line, ended by a signal, remembering everything."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from local.simulators.rig import Gateways, Inbox, open_gateways, open_inbox
from local.simulators.settings import SimulatorSettings
from tests.eventually import eventually
from tests.ports import free_port

pytestmark = pytest.mark.asyncio

PHONE = "84912345671"


@asynccontextmanager
async def process(*arguments: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, Gateways]]:
    port = free_port()
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "local.simulators", "--port", str(port), *arguments
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5.0, trust_env=False) as http:

            async def alive() -> bool:
                try:
                    return (await http.get("/livez")).status_code == 200
                except httpx.TransportError:
                    return False

            await eventually(alive)
            yield started, Gateways(SimulatorSettings(), http)
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


async def test_sigterm_ends_the_process_cleanly_even_while_a_reply_is_withheld() -> None:
    async with process("--no-zalo-every", "0") as (started, gateways):
        await gateways.log_in()
        await gateways.http.put("/control/templates/300101", json={"night_block": False})
        await gateways.faults(timeout_after_accept=1.0)
        waiting = asyncio.create_task(gateways.zalo(PHONE))

        async def accepted() -> bool:
            return bool(await gateways.messages())

        await eventually(accepted)
        started.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(started.wait(), 10.0) == 0
        with pytest.raises(httpx.TransportError):
            await waiting


async def test_a_killed_process_remembers_messages_tokens_and_duplicates(tmp_path: Path) -> None:
    state = str(tmp_path / "phones.jsonl")
    async with process("--state-file", state) as (started, gateways):
        await gateways.log_in()
        await gateways.http.put("/control/templates/300101", json={"night_block": False})
        old = (await gateways.token()).json()["refresh_token"]
        new = (await gateways.refresh(old)).json()
        await gateways.zalo(PHONE)
        await gateways.sms(PHONE, RequestId="r-1")
        kept, token = await gateways.messages(), gateways.access_token
        started.kill()
        await started.wait()
    async with process("--state-file", state) as (_, gateways):
        gateways.access_token = token
        again = await gateways.messages()
        assert [one["provider_id"] for one in again] == [one["provider_id"] for one in kept]
        assert (await gateways.zalo_get("/message/quota"))["data"]["remainingQuota"] == 19_999
        assert (await gateways.refresh(old)).content == b"", "a consumed refresh token stays consumed"
        assert "access_token" in (await gateways.refresh(new["refresh_token"])).json()
        assert (await gateways.sms(PHONE, RequestId="r-1")).json()["CodeResult"] == "124"


async def test_messages_under_way_at_the_end_of_a_process_arrive_after_the_next_start(tmp_path: Path) -> None:
    state = tmp_path / "phones.jsonl"
    async with open_inbox() as inbox:
        slow = {"receipt_delay_min_ms": 300, "receipt_delay_max_ms": 300}
        async with open_gateways(state_file=state, zalo_webhook_url=inbox.url, **slow) as gateways:
            msg_id = (await gateways.zalo(PHONE)).json()["data"]["msg_id"]
        assert inbox.received == []
        async with open_gateways(state_file=state, zalo_webhook_url=inbox.url) as gateways:
            await receipt_of(inbox, msg_id)
            await eventually(lambda: acked(gateways))
        inbox.received.clear()
        async with open_gateways(state_file=state, zalo_webhook_url=inbox.url) as gateways:
            other = (await gateways.zalo(PHONE)).json()["data"]["msg_id"]
            await receipt_of(inbox, other)
        assert len(inbox.received) == 1, "an acknowledged receipt is not sent again"


async def receipt_of(inbox: Inbox, msg_id: str) -> None:
    await eventually(lambda: any(json.loads(one.body)["message"]["msg_id"] == msg_id for one in inbox.received))


async def acked(gateways: Gateways) -> bool:
    return all(message["receipts_acked"] for message in await gateways.messages())


async def test_a_receipt_that_was_not_acknowledged_is_sent_again_after_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "phones.jsonl"
    async with open_inbox() as inbox:
        patient = {"zalo_webhook_schedule_seconds": (3_600.0,), "zalo_webhook_url": inbox.url, "state_file": state}
        inbox.answers.append((500, 0.0))
        async with open_gateways(**patient) as gateways:
            await gateways.zalo(PHONE)

            async def refused_once() -> bool:
                (message,) = await gateways.messages()
                return message["receipts_sent"] == 1

            await eventually(refused_once)
        async with open_gateways(**patient) as gateways:
            await eventually(lambda: acked(gateways))
    assert len(inbox.received) == 2


async def test_a_reset_is_remembered_too(tmp_path: Path) -> None:
    state = tmp_path / "phones.jsonl"
    async with open_gateways(state_file=state) as gateways:
        await gateways.zalo(PHONE)
        await gateways.http.post("/control/reset")
        await gateways.zalo(PHONE, tracking_id="after")
    async with open_gateways(state_file=state) as gateways:
        assert [one["tracking_id"] for one in await gateways.messages()] == ["after"]


async def test_a_line_torn_by_a_kill_is_cut_off_and_the_next_one_is_whole(tmp_path: Path) -> None:
    state = tmp_path / "phones.jsonl"
    async with open_gateways(state_file=state) as gateways:
        await gateways.zalo(PHONE, tracking_id="whole")
    with state.open("ab") as file:
        file.write(b'{"kind":"message","seq":2,"pro')
    async with open_gateways(state_file=state) as gateways:
        await gateways.zalo(PHONE, tracking_id="next")
        assert [one["tracking_id"] for one in await gateways.messages()] == ["whole", "next"]
    for line in state.read_bytes().splitlines():
        json.loads(line)


async def test_the_state_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    state = tmp_path / "deep" / "phones.jsonl"
    async with open_gateways(state_file=state):
        pass
    assert state.stat().st_mode & 0o777 == 0o600


async def test_settings_come_from_the_environment_and_nonsense_is_refused_at_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SIM_NO_ZALO_EVERY", "3")
    monkeypatch.setenv("SIM_ZALO_WEBHOOK_SCHEDULE_SECONDS", "[1, 2]")
    settings = SimulatorSettings()
    assert (settings.no_zalo_every, settings.zalo_webhook_schedule_seconds) == (3, (1.0, 2.0))
    with pytest.raises(ValueError, match="receipt_delay_min_ms"):
        SimulatorSettings(receipt_delay_min_ms=9, receipt_delay_max_ms=8)
