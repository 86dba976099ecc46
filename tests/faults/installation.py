"""Installations to be broken, in which nobody waits long for what is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import orjson

from local.engines.ports import choose_port
from local.plan import ProcessPlan
from local.stack import Stack
from local.supervisor import Running
from local.up import load_samples
from tests.eventually import eventually
from tests.faults.patient import Patient
from tests.journeys.town import Town, people_of
from tests.mornings import morning_stack

QUICK = {
    "KAFKA_SESSION_TIMEOUT_MS": "6000",
    "GATEWAY_TIMEOUT_SECONDS": "2",
    "CLAIM_MARGIN_SECONDS": "1",
    "ZALO_UNKNOWN_SECONDS": "10",
    "SMS_UNKNOWN_SECONDS": "15",
    "ZALO_RECEIPT_SECONDS": "30",
}
"""What is waited for before a lost call is given up; in production minutes."""


def quick_stack(folder: Path, **changes: Any) -> Stack:
    """Not started yet; its processes look for strikes in `fault_dir`."""
    return morning_stack(folder, settings=QUICK, fault_dir=folder / "strikes", **changes)


@asynccontextmanager
async def patient_town(stack: Stack) -> AsyncIterator[Town]:
    """Everybody in it tries again when nobody answers."""
    async with stack as running:
        await load_samples(running)
        for process in running.supervisor.running.values():
            process.longest_pause_s = 0.5
        async with people_of(running, Patient) as everybody:
            yield everybody


def second_of(stack: Stack, name: str, **env: str) -> ProcessPlan:
    """Another worker of the same service; it heeds no strikes."""
    first, port = stack.supervisor.running[name].plan, choose_port(0)
    own = {f"{name.partition('-')[0].upper()}_WORKER_PORT": str(port), "FAULT_DIR": str(stack.data_dir / "no-strikes")}
    return replace(
        first, name=f"second-{name}", env={**first.env, **own, **env}, health=f"http://127.0.0.1:{port}/readyz"
    )


async def shares(first: Running, second: Running) -> None:
    """Wait until both have partitions."""

    async def both() -> bool:
        return min(last_assignment(first), last_assignment(second)) > 0

    await eventually(both, timeout=90)


def last_assignment(worker: Running) -> int:
    """Partitions of a worker's latest assignment."""
    lines = worker.log_file.read_text().splitlines() if worker.log_file.exists() else []
    entries = [orjson.loads(line) for line in lines if "kafka.assigned" in line]
    return int(entries[-1]["partitions"]) if entries else 0


async def epoch_of(stack: Stack, service: str) -> int:
    """How often the lead of a service has changed hands."""
    mongo = stack.mongo(service)
    lease = await mongo.collection("leases").find_one({"_id": "worker"})
    await mongo.close()
    return int(lease["epoch"]) if lease else 0


async def leads(worker: Running) -> bool:
    """Whether a worker says that it holds the lease."""
    url = worker.plan.health.replace("/readyz", "/metrics")
    async with httpx.AsyncClient() as http:
        lines = (await http.get(url)).text.splitlines()
    return any(
        line.startswith("motcua_lease_held{") and 'lease="worker"' in line and line.endswith(" 1.0") for line in lines
    )
