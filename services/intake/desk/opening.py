"""Pages: the counter's own page, its lists, and the field that opens a dossier by its code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query, Response

from contracts.problems import Missing
from contracts.types import DOSSIER_CODE_PATTERN
from services.intake.desk import words
from services.intake.desk.office import CHOOSE, PREFIX, READ, Office, address_of
from services.intake.desk.told import told_view
from services.intake.domain.status import Status
from services.intake.queries.desk_lists import (
    COUNTED_AT_MOST,
    counters_with_dossiers,
    counts,
    in_status,
    informed_of,
    received_on,
)
from services.kit.clock import VIETNAM
from services.kit.web.pages import Pages
from services.kit.web.paging import Paging
from services.kit.web.visit import Visit, VisitDep

_CODE = re.compile(rf"(?<![0-9A-Z.]){DOSSIER_CODE_PATTERN[1:-1]}(?![0-9])")
_OF_TODAY = re.compile(r"[0-9]{1,4}")
Mark = Annotated[str, Query(alias="sau", max_length=40)]


@dataclass(frozen=True)
class ListPage:
    """One of the counter's lists."""

    path: str
    words: str
    hint: str
    status: Status


LISTS = (
    ListPage("/cho-tiep-nhan", "Chờ tiếp nhận", "Nộp trực tuyến, qua bưu chính", Status.REGISTERED),
    ListPage("/cho-bo-sung", "Chờ bổ sung", "Công dân mang giấy tờ đến", Status.SUPPLEMENT),
    ListPage("/cho-nop-tien", "Chờ nghĩa vụ tài chính", "Ghi biên lai đã nộp", Status.PAYMENT),
    ListPage("/cho-tra", "Chờ trả kết quả", "Có kết quả, công dân chưa nhận", Status.RESOLVED),
)


def code_in(text: str) -> str | None:
    """The dossier's code in what was typed, or in the address that a receipt's QR code holds."""
    found = _CODE.search(text.strip().upper()[:500])
    return found[0] if found and len(found[0]) <= 48 else None


def opening_pages(office: Office) -> Pages:
    pages = Pages(PREFIX)

    @pages.get("", READ, nav="Quầy", hint="Việc hôm nay của quầy")
    async def home(visit: VisitDep) -> Response:
        counter, now = office.looked_at(visit), office.now()
        if counter is None:
            return await visit.go(PREFIX + CHOOSE)
        found = await counts(office.mongo, counter, [one.status for one in LISTS], now)
        latest = await received_on(office.mongo, counter, now, limit=10)
        cards = [(one, _many(found.by_status[one.status])) for one in LISTS]
        values = common(office, visit, counter)
        return visit.page("desk/home.html", **values, cards=cards, today=_many(found.today), latest=latest.dossiers)

    @pages.get(CHOOSE, READ)
    async def choose(visit: VisitDep) -> Response:
        """For who looks at the work of every counter."""
        codes = visit.person.units("counter")
        if visit.person.sees_all:
            codes |= await counters_with_dossiers(office.mongo)
        rows = [(code, office.letterhead.counter(code)) for code in sorted(codes)]
        return visit.page("desk/choose.html", rows=rows)

    @pages.get("/mo", READ, scan=True)
    async def open_by_code(visit: VisitDep, ma: str = "") -> Response:
        """A whole code, the address of a QR code, or the running number of today at one's only counter."""
        code = code_in(ma) or _of_today(visit, ma.strip())
        if code is None:
            raise Missing("dossier-unknown", "Không tìm thấy hồ sơ với mã này. Hãy xem lại mã trên giấy tiếp nhận.")
        return await visit.go(address_of((await office.dossier(visit, code)).code))

    @pages.get("/hom-nay", READ, nav="Hôm nay", hint="Hồ sơ đến trong ngày")
    async def today(visit: VisitDep, sau: Mark = "") -> Response:
        counter = office.looked_at(visit)
        if counter is None:
            return await visit.go(PREFIX + CHOOSE)
        found = await received_on(office.mongo, counter, office.now(), mark=sau)
        return visit.page(
            "desk/list.html",
            **common(office, visit, counter),
            title="Hồ sơ hôm nay",
            empty="Hôm nay chưa có hồ sơ nào.",
            of=None,
            dossiers=found.dossiers,
            told={},
            pages=Paging(PREFIX + "/hom-nay", found.next, not sau, {"quay": counter}),
        )

    for one in LISTS:
        _list_page(pages, office, one)

    def _of_today(visit: Visit, number: str) -> str | None:
        counters = sorted(visit.person.units("counter"))
        if len(counters) != 1 or not _OF_TODAY.fullmatch(number):
            return None
        return f"{counters[0]}-{office.now().astimezone(VIETNAM):%y%m%d}-{int(number):04d}"

    return pages


def common(office: Office, visit: Visit, counter: str) -> dict[str, Any]:
    """What each list shows beside its rows."""
    codes = sorted({*visit.person.units("counter"), counter})
    return {
        "counters": {code: office.letterhead.counter(code) for code in codes},
        "counter": counter,
        "may_act": office.may_act(visit, counter),
        "choose": PREFIX + CHOOSE if visit.person.sees_all else None,
        "words": words,
        "now": office.now(),
    }


def _list_page(pages: Pages, office: Office, one: ListPage) -> None:
    nav = one.words if one.status in (Status.REGISTERED, Status.RESOLVED) else ""

    @pages.get(one.path, READ, nav=nav, hint=one.hint if nav else "")
    async def listed(visit: VisitDep, sau: Mark = "") -> Response:
        counter = office.looked_at(visit)
        if counter is None:
            return await visit.go(PREFIX + CHOOSE)
        found = await in_status(office.mongo, counter, one.status, mark=sau)
        # A page of a list reads all its notices in one go; a list as such knows none (ADR 0009).
        informed = await informed_of(office.mongo, found.dossiers) if one.status is Status.RESOLVED else {}
        return visit.page(
            "desk/list.html",
            **common(office, visit, counter),
            title=one.words,
            empty=f"Không có hồ sơ nào: {one.words.lower()}.",
            of=one.status,
            dossiers=found.dossiers,
            told={dossier.code: told_view(dossier, informed.get(dossier.code)) for dossier in found.dossiers},
            pages=Paging(PREFIX + one.path, found.next, not sau, {"quay": counter}),
        )


def _many(number: int) -> str:
    return f"{COUNTED_AT_MOST}+" if number >= COUNTED_AT_MOST else str(number)
