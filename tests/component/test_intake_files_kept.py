"""What becomes of files that nobody refers to, and what only a real server and a real socket show."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from fastapi import Response

from contracts.problems import Conflict
from services.intake import api as intake_api
from services.intake.attachments.exchange import attached as keep
from services.intake.attachments.file_types import PDF, PNG
from services.intake.attachments.receiving import Receiver, Upload
from services.intake.attachments.slots import Slots
from services.intake.attachments.sweep import SweepLoop, sweep_unreferenced
from services.intake.domain.attachment import Attachment
from services.kit.errors import Unavailable
from services.kit.files import UNREFERENCED_FOR, GridFiles
from services.kit.lease import Lease
from services.kit.process import server
from tests.component.files_fixtures import (
    MB,
    STORED,
    attached,
    download,
    filed,
    parts,
)
from tests.component.files_fixtures import desk as desk
from tests.component.service_fixtures import (
    Intake,
    now,
)
from tests.eventually import eventually
from tests.unit.intake.file_fixtures import pdf, photo


class TestSweep:
    async def test_what_belongs_to_a_dossier_stays_and_what_belongs_to_nothing_goes(self, desk: Intake) -> None:
        code = await filed(desk)
        old = await attached(desk, code, pdf(1))
        new = await attached(desk, code, pdf(2), replaces=old["id"])
        files = GridFiles(desk.mongo, now)
        stray = await files.put(parts(pdf(3)), name="a.pdf", content_type=PDF)
        assert await sweep_unreferenced(desk.mongo, files, now()) == 0
        assert await sweep_unreferenced(desk.mongo, files, now() + UNREFERENCED_FOR) == 1
        assert [file["_id"] for file in await desk.documents("files.files")] == sorted([old["id"], new["id"]])
        assert stray.id not in {row["_id"] for row in await desk.documents("files.waiting")}
        assert await desk.counts("files.waiting") == {"files.waiting": 0}
        assert await sweep_unreferenced(desk.mongo, files, now() + timedelta(days=400)) == 0
        assert (await download(desk, code, old["id"])).content == pdf(1)

    async def test_the_loop_sweeps_where_it_leads_and_nowhere_else(self, desk: Intake) -> None:
        files = GridFiles(desk.mongo, lambda: now() - 2 * UNREFERENCED_FOR)
        await files.put(parts(pdf()), name="a.pdf", content_type=PDF)
        stop, lease = asyncio.Event(), Lease(desk.mongo, "worker", ttl_s=600)
        running = asyncio.create_task(SweepLoop(desk.mongo, files, lease, now, look_s=0.01).run(stop))
        await asyncio.gather(*(desk.counts("files.files") for _ in range(20)))
        assert await desk.counts("files.files") == {"files.files": 1}
        assert await lease.hold()
        await eventually(lambda: swept(desk))
        stop.set()
        await running

    async def test_a_file_whose_attaching_ended_in_doubt_is_left_to_the_sweep(self, desk: Intake) -> None:
        """The commit may have happened: throwing the file away would leave a dossier without it."""
        receiver = Receiver(GridFiles(desk.mongo, now), Slots(), 10 * MB)
        for error, left in ((Unavailable("no answer"), 1), (Conflict("file-not-expected", "Không."), 1)):
            file = await receiver.receive(Upload(parts(pdf()), None, None, None, "a"))

            async def decide(error: Exception = error) -> Attachment:
                raise error

            with pytest.raises(type(error)):
                await keep(receiver, file, decide(), Response())
            assert await desk.counts("files.files") == {"files.files": left}


async def swept(desk: Intake) -> bool:
    return await desk.counts(*STORED) == dict.fromkeys(STORED, 0)


class TestOverTheWire:
    """What only shows with a real server and a real socket."""

    @pytest.fixture
    async def address(self, desk: Intake) -> AsyncIterator[str]:
        app = intake_api.create_app(desk.settings)
        running = server(app, desk.settings, 0, signals=False)
        serving = asyncio.create_task(running.serve())
        await eventually(lambda: running.started)
        port = running.servers[0].sockets[0].getsockname()[1]
        yield f"127.0.0.1:{port}"
        running.should_exit = True
        await serving

    async def test_the_sender_of_a_file_that_is_too_big_hears_why(self, desk: Intake, address: str) -> None:
        code = await filed(desk)
        host, _, port = address.partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        size = 30 * MB
        head = (
            f"POST /v1/dossiers/{code}/files?paper=1 HTTP/1.1\r\nHost: {address}\r\nContent-Length: {size}\r\n"
            f"Content-Type: {PDF}\r\nAuthorization: {desk.desk['Authorization']}\r\n\r\n"
        )
        writer.write(head.encode() + b"%PDF-1.7\n")
        # As browsers do: everything is sent before the answer is read. It fails if the server hangs up meanwhile.
        for _ in range((size - 9) // 65_536):
            writer.write(bytes(65_536))
            await writer.drain()
        writer.write(bytes((size - 9) % 65_536))
        await writer.drain()
        assert b" 422 " in await reader.readline()
        assert b"file-too-big" in await reader.read(4096)
        writer.close()

    async def test_an_upload_that_breaks_off_leaves_nothing(self, desk: Intake, address: str) -> None:
        code = await filed(desk)
        host, _, port = address.partition(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            f"POST /v1/dossiers/{code}/files?paper=1 HTTP/1.1\r\nHost: {address}\r\nContent-Length: 5000000\r\n"
            f"Authorization: {desk.desk['Authorization']}\r\n\r\n".encode()
            + b"%PDF-1.7\n"
            + os.urandom(600_000)
        )
        await writer.drain()
        await eventually(lambda: chunks_are_there(desk))
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

        await eventually(lambda: swept(desk))

    async def test_a_download_over_the_wire_is_whole(self, desk: Intake, address: str) -> None:
        code, content = await filed(desk), photo(PNG, 1400, 900)
        async with httpx.AsyncClient(base_url=f"http://{address}", headers=desk.desk) as client:
            sent = await client.post(f"/v1/dossiers/{code}/files", params={"paper": 1}, content=content)
            reply = await client.get(sent.headers["location"])
        assert hashlib.sha256(reply.content).hexdigest() == sent.json()["sha256"]

    async def test_a_damaged_file_does_not_reach_anybody_whole(self, desk: Intake, address: str) -> None:
        code, content = await filed(desk), photo(PNG, 600, 500)
        file = await attached(desk, code, content)
        await desk.mongo.collection("files.chunks").update_one(
            {"files_id": file["id"], "n": 1}, {"$set": {"data": bytes(255 * 1024)}}
        )
        async with httpx.AsyncClient(base_url=f"http://{address}", headers=desk.desk) as client:
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get(f"/v1/dossiers/{code}/files/{file['id']}")


async def chunks_are_there(desk: Intake) -> bool:
    return (await desk.counts("files.chunks"))["files.chunks"] > 0
