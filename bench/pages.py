"""How long people wait for their pages, over HTTP, when very many dossiers are stored."""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import httpx

from bench.clerks import PROCEDURE
from bench.furnished import COUNTER, LAST4, Furnished, furnish
from bench.house import House, Session
from bench.result import Bars, Goal, Result, number
from bench.stock import Stock
from local.demo.measure import percentile
from local.engines.engine_set import EngineKind
from local.engines.ports import choose_port
from local.plan import ProcessPlan
from services.kit.clock import Clock
from services.kit.ids import new_id
from services.kit.mongo import Mongo
from services.kit.web.roles import Person, Role, scopes_of
from services.kit.web.sessions import WebSessions
from services.kit.web.settings import Site, WebSettings

FEW, MANY = 10_000, 100_000
SHARES = (0.5, 0.95, 0.99)
MOST_MS = 100.0
TIMES = 50
"""Looks at each page, for each round."""
PREFIX = "bench_pages"
BOXES = ("cho-nhan", "dang-xu-ly", "sap-den-han", "qua-han", "dang-cho", "cho-ky")
_addresses = itertools.count(1)


@dataclass(frozen=True)
class Look:
    """One page, as one kind of people opens it."""

    words: str
    site: Site
    path: str
    role: Role | None = None
    """None: a citizen."""
    typed: Mapping[str, str] | None = None
    """What a form sends; None: the page is only looked at."""


def looks(house: Furnished) -> list[Look]:
    """The main pages."""
    code = house.code
    desk, agency = f"/quay/%s?quay={COUNTER}", f"/hop-viec/{house.agency}"
    return [
        Look("Quầy: trang đầu", "intake", f"/quay?quay={COUNTER}", Role.CLERK),
        Look("Quầy: hôm nay", "intake", desk % "hom-nay", Role.CLERK),
        Look("Quầy: chờ trả kết quả", "intake", desk % "cho-tra", Role.CLERK),
        Look("Quầy: một hồ sơ", "intake", f"/quay/ho-so/{code}", Role.CLERK),
        Look("Quầy: tìm thủ tục", "intake", "/quay/thu-tuc?q=dang+ky", Role.CLERK),
        Look("Quầy: biểu mẫu tiếp nhận", "intake", f"/quay/moi?tt={PROCEDURE}&k={new_id()}", Role.CLERK),
        *(Look(f"Hộp việc: {box}", "routing", f"{agency}?ngan={box}", Role.OFFICER) for box in BOXES),
        Look("Hộp việc: một hồ sơ", "routing", f"/hop-viec/ho-so/{house.handed_over}", Role.OFFICER),
        Look("Giấy tờ của một hồ sơ", "intake", f"/giay-to/{code}", Role.OPERATOR),
        Look("Thống kê tháng", "routing", "/thong-ke", Role.OPERATOR),
        Look("Thống kê tháng, theo thủ tục", "routing", "/thong-ke?theo=procedure", Role.OPERATOR),
        Look("Thống kê tháng, theo đơn vị", "routing", "/thong-ke?theo=unit", Role.OPERATOR),
        Look("Công dân: trang đầu", "intake", "/"),
        Look("Công dân: tra cứu bằng mã", "intake", f"/tra-cuu/{code}"),
        Look("Công dân: diễn biến hồ sơ", "intake", f"/tra-cuu/{code}", typed={"phone_last4": LAST4}),
        Look("Công dân: tìm thủ tục", "intake", "/thu-tuc?q=dang+ky"),
        Look("Công dân: một thủ tục", "intake", f"/thu-tuc/{PROCEDURE}"),
        Look("Công dân: số liệu", "intake", "/so-lieu"),
        Look("Vận hành, tiếp nhận", "intake", "/van-hanh", Role.OPERATOR),
        Look("Vận hành, giải quyết", "routing", "/van-hanh", Role.OPERATOR),
        Look("Vận hành: bộ đọc Kafka", "intake", "/van-hanh/bo-doc", Role.OPERATOR),
        Look("Vận hành: thư chết", "intake", "/van-hanh/thu-chet", Role.OPERATOR),
    ]


async def run(session: Session) -> Result:
    """In databases of their own, by API processes of their own; one person at a time, page after page in turn."""
    house = session.house
    embedded = house.engines.mongo_kind is EngineKind.EMBEDDED
    size = int(os.environ.get("PAGES", FEW if embedded else MANY))
    now = house.clock.now().replace(microsecond=0)
    stock = await Stock.begin(house.endpoints.mongodb_url, now, PREFIX)
    names: list[str] = []
    try:
        began = time.monotonic()
        await stock.grow(size)
        furnished = await furnish(stock)
        session.say(f"{size} hồ sơ đã có, {time.monotonic() - began:.0f} giây")
        plans, sites = _plans(house)
        names = [plan.name for plan in plans]
        await house.supervisor.start(plans)
        browsers = Browsers({"intake": stock.intake, "routing": stock.routing}, sites, (COUNTER, furnished.agency))
        times = await _looked(browsers, looks(furnished), TIMES * session.rounds)
        await browsers.close()
    finally:
        for name in names:
            await house.supervisor.running.pop(name).stop(10.0)
        # The embedded engine takes minutes to drop what the end of the run drops with its folder.
        await stock.close(keep=embedded)
    return _result(times, size)


async def _looked(browsers: Browsers, wanted: Sequence[Look], often: int) -> dict[str, list[float]]:
    for look in wanted:
        await browsers.look(look)  # the first makes connections and reads templates
    times: dict[str, list[float]] = {look.words: [] for look in wanted}
    for _ in range(often):
        for look in wanted:
            times[look.words].append(1000 * await browsers.look(look))
    return times


def _result(times: Mapping[str, Sequence[float]], size: int) -> Result:
    shown = f"{size:,}".replace(",", ".")
    result = Result("pages", f"Trang có {shown} hồ sơ, mili giây", ("", *(f"p{100 * one:.0f}" for one in SHARES)))
    for words, found in times.items():
        marks = {f"p{100 * share:.0f}": percentile(list(found), share) for share in SHARES}
        result.rows.append((words, *(number(mark) for mark in marks.values())))
        result.figures[words] = marks | {"asked": len(found)}
        result.goals.append(Goal(f"{words}: p95, mili giây", marks["p95"], MOST_MS, at_least=False))
    values = {words: figures["p95"] for words, figures in result.figures.items()}
    result.bars = [Bars(f"Trang có {shown} hồ sơ, p95", "mili giây", values)]
    return result


class Browsers:
    """People of each role, signed in at each site."""

    def __init__(self, databases: Mapping[Site, Mongo], sites: Mapping[Site, str], units: Sequence[str]) -> None:
        self._databases, self._sites, self._units = databases, sites, units
        self._open: dict[tuple[Site, Role | None], httpx.AsyncClient] = {}

    async def look(self, look: Look) -> float:
        """Returns: seconds until the whole page was there. Raises: RuntimeError: it was another answer than a page."""
        http = await self._browser(look.site, look.role)
        # Citizens come from everywhere; from one address so many would be held back.
        place = next(_addresses)
        headers = {"x-forwarded-for": f"10.{place >> 16 & 255}.{place >> 8 & 255}.{place & 255}"}
        started = time.perf_counter()
        if look.typed is None:
            reply = await http.get(look.path, headers=headers)
        else:
            reply = await http.post(look.path, data=dict(look.typed), headers=headers)
        took = time.perf_counter() - started
        if reply.status_code != 200:
            raise RuntimeError(f"{look.words}: {reply.status_code} {reply.headers.get('location', '')} {reply.text}")
        return took

    async def close(self) -> None:
        for http in self._open.values():
            await http.aclose()

    async def _browser(self, site: Site, role: Role | None) -> httpx.AsyncClient:
        http = self._open.get((site, role))
        if http is None:
            cookies = {} if role is None else {f"motcua_{site}": await self._signed_in(site, role)}
            http = self._open[site, role] = httpx.AsyncClient(base_url=self._sites[site], cookies=cookies, timeout=60)
        return http

    async def _signed_in(self, site: Site, role: Role) -> str:
        known = WebSettings()
        sessions = WebSessions(self._databases[site], Clock().now, known.idle, known.longest)
        roles = frozenset({role})
        return await sessions.start(Person(f"person.{role}", "Cán bộ", roles, scopes_of(roles, self._units)))


def _plans(house: House) -> tuple[list[ProcessPlan], dict[Site, str]]:
    """API processes as the house has them, on other ports and with the databases of this benchmark."""
    ports: dict[Site, int] = {"intake": choose_port(0), "routing": choose_port(0)}
    sites = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    usual = {plan.name: plan for plan in house.api_plans()}
    plans = []
    for name, port in ports.items():
        plan = usual[f"{name}-api"]
        own = {f"{name.upper()}_API_PORT": str(port), "MONGODB_PREFIX": PREFIX, "WEB_SITES": json.dumps(sites)}
        plans.append(replace(plan, name=f"pages-{name}-api", env={**plan.env, **own}, health=f"{sites[name]}/readyz"))
    return plans, sites
