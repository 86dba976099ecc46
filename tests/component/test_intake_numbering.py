"""Legal codes under concurrency: many clerks, several processes, one killed in the middle (statutory rule 18)."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count, cycle

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake.api import SOURCE
from services.intake.commands.application import Application
from services.intake.commands.file_dossier import FileDossier
from services.intake.commands.register_dossier import RegisterDossier
from services.intake.domain.people import Applicant
from services.kit.clock import VIETNAM
from services.kit.commit import Committer
from services.kit.ids import new_id
from tests.component.module_process import answers, module_process
from tests.component.service_fixtures import COUNTER, OTHER_COUNTER, PROCEDURE, Intake, now
from tests.eventually import eventually
from tests.ports import free_port

CLERKS, EACH = 6, 12
SERIES = count(1)


def numbers(codes: list[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for code in codes:
        series, _, number = code.rpartition("-")
        found.setdefault(series, []).append(int(number))
    return {series: sorted(of) for series, of in found.items()}


STEP = st.tuples(st.integers(0, 2), st.sampled_from([COUNTER, OTHER_COUNTER]), st.booleans(), st.integers(1, 30))
"""Which process, which counter, whether with the portal's own number, and which number that is."""


@given(st.lists(STEP, min_size=1, max_size=25))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_interleaving_of_clerks_and_portal_yields_a_duplicate_or_a_gap(
    intake: Intake, steps: list[tuple[int, str, bool, int]]
) -> None:
    """TT 01/2018/TT-VPCP Art 19; NĐ 61/2018/NĐ-CP Art 17.3."""
    unit = f"{next(SERIES):04d}"  # a series of its own for every example
    at = now()
    processes = [Committer(intake.settings.mongo("intake"), SOURCE, now) for _ in range(3)]
    decisions = []
    for process, counter, portal, number in steps:
        content = Application(counter, PROCEDURE, "online" if portal else "counter", Applicant("citizen", "A"))  # type: ignore[arg-type]
        if portal:
            code = f"{counter}.{unit[:2]}.{unit[2:]}-{at.astimezone(VIETNAM):%y%m%d}-{number:04d}"
            decisions.append((process, FileDossier(new_id(), "f", content, at, code)))
        else:
            content = replace(content, counter=f"{counter}.{unit[:2]}.{unit[2:]}")
            decisions.append((process, RegisterDossier(new_id(), "f", content, at)))
    results = await asyncio.gather(*(processes[p].run(d) for p, d in decisions), return_exceptions=True)
    codes = [result.code for result in results if not isinstance(result, BaseException)]
    refused = [result for result in results if isinstance(result, BaseException)]
    assert {getattr(error, "slug", error) for error in refused} <= {"code-taken"}
    assert len(codes) == len(set(codes))
    ours = {"-".join(code.split("-")[:2]): 0 for code in codes}
    for series in ours:
        given_out = [c for c in codes if c.startswith(series)]
        document = (await intake.documents("numbers", _id=series))[0]
        assert set(range(1, document["last"] + 1)) <= set(numbers(given_out)[series])
    for process in processes:
        await process.mongo.close()


@asynccontextmanager
async def api_process(intake: Intake) -> AsyncIterator[tuple[Process, int]]:
    """`python -m services.intake.api` on the test's database."""
    key = intake.settings.intake_private_key
    assert key is not None
    port = free_port()
    environ = {
        "MONGODB_URL": intake.settings.mongodb_url.get_secret_value(),
        "MONGODB_PREFIX": intake.settings.mongodb_prefix,
        "INTAKE_API_PORT": str(port),
        "INTAKE_PRIVATE_KEY": key.get_secret_value(),
        "NOTIFY_PUBLIC_KEY": intake.settings.notify_public_key,
    }
    async with module_process("services.intake.api", environ) as child:
        yield child, port


async def turns(urls: list[str]) -> AsyncIterator[str]:
    """One process after the other, for two minutes, with the pauses of a client that means well."""
    end = asyncio.get_running_loop().time() + 120
    for url in cycle(urls):
        yield url
        if asyncio.get_running_loop().time() > end:
            raise AssertionError("no answer from any process")
        await asyncio.sleep(0.1)


@pytest.mark.timeout(300)
async def test_a_killed_process_leaves_no_gap_and_a_repeated_request_gets_its_number(intake: Intake) -> None:
    async with api_process(intake) as (doomed, one), api_process(intake) as (_, other):
        await eventually(lambda: answers(one))
        await eventually(lambda: answers(other))
        first, second = f"http://127.0.0.1:{one}", f"http://127.0.0.1:{other}"
        done: list[str] = []

        async def clerk(urls: list[str]) -> None:
            async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
                for _ in range(EACH):
                    key, body = new_id(), intake.body()
                    async for url in turns(urls):
                        try:
                            headers = intake.desk | {"Idempotency-Key": key}
                            reply = await client.post(f"{url}/v1/dossiers", json=body, headers=headers)
                        except httpx.TransportError:
                            continue  # the process died: the same request goes to the other one
                        if reply.status_code == 503:
                            # Killed with its transaction open: the server ends that after 60 s, the numbers wait.
                            assert reply.json()["slug"] == "busy", reply.text
                            continue
                        assert reply.status_code == 201, reply.text
                        done.append(reply.json()["code"])
                        break
                    if len(done) >= CLERKS * EACH // 3 and doomed.returncode is None:
                        doomed.kill()
                        await doomed.wait()

        await asyncio.gather(*(clerk([first, second] if n % 2 else [second, first]) for n in range(CLERKS)))
    assert len(done) == CLERKS * EACH
    [(_, given_out)] = numbers(done).items()
    assert given_out == list(range(1, CLERKS * EACH + 1))
