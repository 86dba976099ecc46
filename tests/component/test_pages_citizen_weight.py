"""Every page for citizens is light enough for 3G, and a screen reader finds its way in it."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator

import httpx
import pytest

from services.intake.domain.procedure import MOST_PAPERS, Paper
from tests.component.citizen_fixtures import LAST4, invitation, returned
from tests.component.citizen_pages_fixtures import A_PHOTO, ready, supplement_begun, waiting_for_papers
from tests.component.form_fixtures import online as online
from tests.component.page_reading import Read
from tests.component.service_fixtures import PROCEDURE, Intake, dossier

MOST_BYTES = 100_000
"""Of a page with all its files, not compressed."""
MOST_ZIPPED = 30_000


async def all_pages(online: Intake) -> list[httpx.Response]:
    """Each page once, also as it comes back with faults in it."""
    http = online.http
    done = await returned(online)
    rating = f"/danh-gia/{await invitation(online, done)}"
    draft = await ready(online)
    waits = await waiting_for_papers(online)
    supplement = await supplement_begun(online, waits)
    await http.post(supplement, files={"paper-2": A_PHOTO})
    pages = [
        await http.get(path)
        for path in (
            "/", "/thu-tuc", "/thu-tuc?q=dang", "/thu-tuc?q=zzz", f"/thu-tuc/{PROCEDURE}", "/so-lieu", "/tra-cuu",
            "/tra-cuu?ma=x", f"/tra-cuu/{waits}", f"/tra-cuu/{waits}?da-gui=1", f"/tra-cuu/{waits}/rut",
            f"/tra-cuu/{waits}/da-rut", f"/tra-cuu/{waits}/nhan-ket-qua?het-han=1",
            f"/tra-cuu/{waits}/bo-sung", rating, "/gop-y", "/gop-y/tra-loi", "/nop-ho-so",
            f"/nop-ho-so/{PROCEDURE}", draft, f"{draft}/giay-to", f"{draft}/gui", supplement, "/thu-tuc/none",
        )
    ]  # fmt: skip
    pages += [
        await http.post(f"/tra-cuu/{waits}", data={"phone_last4": LAST4}),
        await http.post(f"/tra-cuu/{waits}", data={"phone_last4": "0"}),
        await http.post(f"/tra-cuu/{done}", data={"phone_last4": LAST4}),
        await http.post(f"/tra-cuu/{dossier(4711)}/rut", data={}),
        await http.post(rating, data={}),
        await http.post(rating, data={"overall": "5"}),
        await http.post("/gop-y", data={"kind": "x", "phone": "y"}),
        await http.post("/gop-y", data={"kind": "complaint", "text": "Chậm"}),
        await http.post("/gop-y/tra-loi", data={}),
        await http.post(draft, data={"revision": "2"}),
        await http.post(f"{draft}/giay-to", files={"other": ("x.exe", b"MZ" * 50, "application/x-msdownload")}),
        await http.post(supplement),
    ]
    return pages


def loaded(page: Read, files: dict[str, httpx.Response]) -> Iterator[httpx.Response]:
    for address in page.loads:
        yield files[address]


async def test_every_page_is_light_and_readable_and_loads_nothing_from_elsewhere(online: Intake) -> None:
    pages = await all_pages(online)
    files: dict[str, httpx.Response] = {}
    for page in pages:
        read = Read(page.text)
        what = f"{page.request.method} {page.request.url.path}: {page.status_code}"
        assert page.status_code < 500, what
        assert page.headers["content-type"].startswith("text/html"), what
        of_the_kit = ["no nav"] if page.request.url.path == "/thu-tuc/none" else []
        assert read.faults == of_the_kit, (what, read.faults)
        assert '<html lang="vi">' in page.text
        for address in read.loads:
            assert address.startswith("/static/"), (what, address)
            if address not in files:
                files[address] = await online.http.get(address)
                assert files[address].status_code == 200
        plain = len(page.content) + sum(len(file.content) for file in loaded(read, files))
        zipped = len(gzip.compress(page.content)) + sum(len(gzip.compress(f.content)) for f in loaded(read, files))
        assert plain < MOST_BYTES, (what, plain)
        assert zipped < MOST_ZIPPED, (what, zipped)
        assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=|javascript:|https?://", page.text), what


@pytest.mark.parametrize("papers", [40])
async def test_a_procedure_with_many_papers_is_light_too(online: Intake, papers: int) -> None:
    assert papers <= MOST_PAPERS
    await online.ask_for(*(Paper(f"Giấy tờ số {n} " + "kèm bản sao " * 8, copies=1) for n in range(papers)))
    for path in (f"/thu-tuc/{PROCEDURE}", f"/nop-ho-so/{PROCEDURE}"):
        page = await online.http.get(path)
        files = [await online.http.get(address) for address in Read(page.text).loads]
        assert len(page.content) + sum(len(file.content) for file in files) < MOST_BYTES


async def test_pages_are_not_kept_and_files_are(online: Intake) -> None:
    page = await online.http.get("/")
    assert page.headers["cache-control"] == "no-store"
    for address in Read(page.text).loads:
        file = await online.http.get(address, headers={"accept-encoding": "gzip"})
        assert file.headers["content-encoding"] == "gzip"
        assert "immutable" in file.headers["cache-control"]
