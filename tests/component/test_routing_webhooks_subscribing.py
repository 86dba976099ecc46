"""Subscribing to webhooks: rights first, then the probe, and addresses that lead into our own network."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from services.routing.webhooks.courier import Courier
from services.routing.webhooks.domain.attempts import Answer, Verdict
from services.routing.webhooks.domain.cloud_event import PROBE_TYPE
from services.routing.webhooks.domain.targets import TargetRules
from services.routing.webhooks.store import STORES
from tests.component.service_fixtures import COMMUNE, COUNTER, OFFICE, now
from tests.component.tls_fixtures import TLS_NAME, tls_server, trusting
from tests.component.webhook_fixtures import (
    HANG,
    OPENED,
    TRANSFERRED,
    Partner,
    Town,
    open_town,
    partner,
    town,
    webhook_settings,
)
from tests.eventually import eventually
from tests.ports import free_port
from tests.replies import refused

__all__ = ["partner", "town"]
STORED = tuple(store.collection for store in STORES)


def body(partner: Partner, **changes: Any) -> dict[str, Any]:
    return {"url": partner.url, "types": [OPENED]} | changes


class TestRights:
    CALLS = (
        ("GET", ""), ("POST", ""), ("GET", "/x"), ("DELETE", "/x"), ("POST", "/x/rotate-secret"), ("POST", "/x/test"),
        ("POST", "/x/deliveries/y/retry"),
    )  # fmt: skip

    @pytest.mark.parametrize(("method", "path"), CALLS)
    async def test_anonymous(self, town: Town, method: str, path: str) -> None:
        refused(await town.http.request(method, town.path() + path), 401, "key-missing")

    @pytest.mark.parametrize(("method", "path"), CALLS)
    async def test_wrong_role_and_wrong_agency(self, town: Town, partner: Partner, method: str, path: str) -> None:
        for scope in (f"counter:{COUNTER}", "service", f"agency:{COMMUNE}"):
            headers = await town.key(scope)
            reply = await town.http.request(method, town.path() + path, headers=headers, json=body(partner))
            refused(reply, 403, "scope-missing")
        assert partner.got == []

    @pytest.mark.parametrize(("method", "path"), [call for call in CALLS if "/x" in call[1]])
    async def test_another_agencys_subscription_does_not_exist(
        self, town: Town, partner: Partner, method: str, path: str
    ) -> None:
        made = await town.subscribe(partner)
        reply = await town.ask(method, *path.replace("/x", made["id"]).split("/"), agency=COMMUNE)
        refused(reply, 404, "subscription-unknown")
        assert (await town.shown(made))["state"] == "active"
        assert (await town.ask("GET", agency=COMMUNE)).json()["subscriptions"] == []

    async def test_an_operator_may_do_it_for_an_agency(self, town: Town, partner: Partner) -> None:
        operator = await town.key("operator")
        made = await town.http.post(town.path(), headers=operator, json=body(partner))
        assert made.status_code == 201
        shown = await town.http.get(town.path(OFFICE, made.json()["id"]), headers=operator)
        assert (shown.status_code, shown.json()["agency"]) == (200, OFFICE)


class TestSubscribing:
    async def test_a_probe_is_answered_and_the_secret_is_shown_once(self, town: Town, partner: Partner) -> None:
        made = await town.subscribe(partner, OPENED, TRANSFERRED, OPENED, description="Phần mềm chuyên ngành")
        question, probe = partner.got
        assert (question.method, question.headers["webhook-request-origin"]) == ("OPTIONS", "motcua")
        assert probe.event["type"] == PROBE_TYPE
        assert probe.event["data"] == {"subscription": made["id"], "agency": OFFICE}
        assert probe.headers["content-type"] == "application/cloudevents+json"
        assert probe.id == probe.event["id"]
        assert made["secret"].startswith("whsec_")
        assert (made["types"], made["description"]) == ([OPENED, TRANSFERRED], "Phần mềm chuyên ngành")
        for reply in (
            await town.ask("GET"),
            await town.ask("GET", made["id"]),
            await town.ask("POST", made["id"], "test"),
        ):
            assert reply.status_code == 200
            assert made["secret"] not in reply.text
            assert '"secret"' not in reply.text
        assert made["secret"] not in str([await town.documents(name) for name in STORED])

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [(500, "http-500"), (404, "http-404"), (410, "http-410"), (302, "redirect")],
    )
    async def test_an_address_that_does_not_answer_the_probe_is_not_stored(
        self, town: Town, partner: Partner, answer: int, reason: str
    ) -> None:
        partner.answer = lambda _: answer
        partner.headers = {"Location": partner.url}
        reply = await town.ask("POST", json=body(partner))
        assert refused(reply, 422, "webhook-probe-failed")["reason"] == reason
        assert not any((await town.counts(*STORED)).values())

    async def test_an_address_that_takes_too_long_is_not_stored(
        self, mongodb_url: str, prefix: str, partner: Partner
    ) -> None:
        partner.answer = lambda _: HANG
        async with open_town(webhook_settings(mongodb_url, prefix, webhook_probe_seconds=0.5)) as town:
            reply = await town.ask("POST", json=body(partner))
            assert refused(reply, 422, "webhook-probe-failed")["reason"] == "timeout"
            assert not any((await town.counts(*STORED)).values())

    async def test_an_address_where_nobody_listens_is_not_stored(self, town: Town, partner: Partner) -> None:
        reply = await town.ask("POST", json=body(partner, url=f"http://127.0.0.1:{free_port(0)}/hook"))
        assert refused(reply, 422, "webhook-probe-failed")["reason"] == "no-connection"
        assert not any((await town.counts(*STORED)).values())

    async def test_a_server_that_grants_another_origin_is_not_called(self, town: Town, partner: Partner) -> None:
        partner.headers = {"WebHook-Allowed-Origin": "somebody.else.vn"}
        refused(await town.ask("POST", json=body(partner)), 422, "webhook-origin-refused")
        assert [got.method for got in partner.got] == ["OPTIONS"]
        partner.headers = {"WebHook-Allowed-Origin": "motcua", "WebHook-Allowed-Rate": "*"}
        assert (await town.ask("POST", json=body(partner))).status_code == 201

    @pytest.mark.parametrize(
        "changes",
        [
            {"types": []}, {"types": ["vn.motcua.dossier.code-issued.v1"]}, {"types": ["x"]}, {"types": OPENED},
            {"procedures": ["x"]}, {"counters": ["h12"]}, {"secret": "mine"}, {"url": None},
            {"url": "https://" + "a" * 2000},
        ],
    )  # fmt: skip
    async def test_input_of_the_wrong_shape_is_refused(
        self, town: Town, partner: Partner, changes: dict[str, Any]
    ) -> None:
        refused(await town.ask("POST", json=body(partner, **changes)), 422, "request-invalid")
        assert partner.got == []

    async def test_the_same_address_twice_and_more_than_ten(self, town: Town, partner: Partner) -> None:
        made = await town.subscribe(partner)
        again = refused(await town.ask("POST", json=body(partner)), 409, "subscription-exists")
        assert again["subscription"] == made["id"]
        for number in range(9):
            reply = await town.ask("POST", json=body(partner, url=f"{partner.url}/{number}"))
            assert reply.status_code == 201, reply.text
        probes = len(partner.got)
        refused(await town.ask("POST", json=body(partner, url=f"{partner.url}/x")), 409, "subscriptions-too-many")
        assert len(partner.got) == probes, "nobody is called for nothing"
        assert (await town.ask("DELETE", made["id"])).status_code == 204
        await town.subscribe(partner)

    async def test_an_agency_that_the_directory_does_not_know(self, town: Town, partner: Partner) -> None:
        reply = await town.ask("POST", agency="H99.01", json=body(partner))
        refused(reply, 404, "agency-unknown")

    async def test_an_agency_has_only_so_many_probes_an_hour(
        self, mongodb_url: str, prefix: str, partner: Partner
    ) -> None:
        async with open_town(webhook_settings(mongodb_url, prefix, webhook_probes="2/hour")) as town:
            made = await town.subscribe(partner)
            assert (await town.ask("POST", made["id"], "test")).status_code == 200
            refused(await town.ask("POST", made["id"], "test"), 429, "too-many-tries")

    async def test_without_a_key_to_seal_with_nobody_can_subscribe(
        self, mongodb_url: str, prefix: str, partner: Partner
    ) -> None:
        async with open_town(webhook_settings(mongodb_url, prefix, routing_private_key=None)) as town:
            refused(await town.ask("POST", json=body(partner)), 422, "webhooks-not-configured")
        assert partner.got == []


class TestRetrying:
    async def test_what_cannot_be_retried_says_why(self, town: Town, partner: Partner) -> None:
        made = await town.subscribe(partner)
        await town.case()
        async with town.sending():
            await town.happens(town.transferred())
            await eventually(lambda: town.all_delivered(made))
        delivery = (await town.shown(made))["deliveries"][0]["id"]
        retry = (made["id"], "deliveries")
        refused(await town.ask("POST", *retry, delivery, "retry"), 409, "delivery-delivered")
        refused(await town.ask("POST", *retry, "unheard-of", "retry"), 404, "delivery-unknown")
        assert (await town.ask("DELETE", made["id"])).status_code == 204
        refused(await town.ask("POST", *retry, delivery, "retry"), 409, "subscription-ended")
        for what in ("test", "rotate-secret"):
            refused(await town.ask("POST", made["id"], what), 409, "subscription-ended")

    async def test_one_that_waits_is_tried_at_once(self, town: Town, partner: Partner) -> None:
        made = await town.subscribe(partner)
        await town.case()
        partner.fail(500, times=1)
        async with town.sending(webhook_retry_first_seconds=1000):
            await town.happens(town.transferred())
            await eventually(lambda: town.tried(made))
            await town.rounds_pass()
            assert len(partner.events) == 1
            delivery = (await town.shown(made))["deliveries"][0]["id"]
            assert (await town.ask("POST", made["id"], "deliveries", delivery, "retry")).status_code == 202
            await eventually(lambda: town.all_delivered(made))

    async def test_a_paused_subscription_is_tested_first(self, town: Town, partner: Partner) -> None:
        made = await town.subscribe(partner)
        await town.case()
        partner.fail(500)
        async with town.sending():
            await town.happens(town.transferred())
            await eventually(lambda: town.tried(made))
            town.time.forward(hours=25)
            await eventually(lambda: town.is_paused(made))
        delivery = (await town.shown(made))["deliveries"][0]["id"]
        refused(await town.ask("POST", made["id"], "deliveries", delivery, "retry"), 409, "subscription-paused")


def courier(rules: TargetRules, *answers: Sequence[str], tls: Callable[[], ssl.SSLContext] | None = None) -> Courier:
    """One whose name server answers these, one after the other."""
    left = list(answers)

    def resolve(host: str, port: int) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    more: dict[str, Any] = {"tls": tls} if tls is not None else {}
    return Courier(rules, now, 2.0, "motcua", resolve=resolve, **more)


async def call(courier: Courier, url: str) -> Answer:
    async with courier:
        return await courier.post(url, b"{}", {})


class TestOurNetwork:
    """A partner must not be able to make us call into our own network (SSRF)."""

    async def test_addresses_of_ours_are_refused_before_anybody_is_called(
        self, mongodb_url: str, prefix: str, partner: Partner
    ) -> None:
        strict = {"webhook_allow_http": False, "webhook_networks": (), "webhook_ports": (443, 8443)}
        async with open_town(webhook_settings(mongodb_url, prefix, **strict)) as town:
            for url, reason in (
                (partner.url, "scheme"),
                ("https://127.0.0.1/hook", "address"),
                ("https://[::1]/hook", "address"),
                ("https://10.0.0.1:8443/hook", "address"),
                ("https://user:pass@example.com/", "credentials"),
                ("https://example.com:27017/", "port"),
            ):
                reply = await town.ask("POST", json=body(partner, url=url))
                assert refused(reply, 422, "webhook-url-refused")["reason"] == reason
            assert not any((await town.counts(*STORED)).values())
        assert partner.got == []

    @pytest.mark.parametrize("addresses", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::1"], ["::ffff:127.0.0.1"], []])
    async def test_a_name_that_leads_to_us_is_not_called(self, partner: Partner, addresses: list[str]) -> None:
        port = int(partner.url.split(":")[2].split("/")[0])
        rules = TargetRules(allow_http=True, ports=())
        answer = await call(courier(rules, addresses), f"http://agency.example.vn:{port}/hook")
        assert (answer.verdict, answer.error) == (Verdict.FAILED, "address-refused")
        assert partner.got == []

    async def test_a_name_that_changes_its_mind_is_looked_at_again_at_every_call(self, partner: Partner) -> None:
        """DNS rebinding: allowed at first, ours later; and never resolved a second time behind the check."""
        port = int(partner.url.split(":")[2].split("/")[0])
        rules = TargetRules(allow_http=True, networks=(ip_network("127.0.0.1/32"),), ports=())
        async with courier(rules, ["127.0.0.1"], ["127.0.0.2"]) as one:
            first = await one.post(f"http://agency.example.vn:{port}/hook", b"{}", {})
            second = await one.post(f"http://agency.example.vn:{port}/hook", b"{}", {})
        assert (first.verdict, second.error) == (Verdict.DELIVERED, "address-refused")
        [got] = partner.got
        assert got.headers["host"] == f"agency.example.vn:{port}"

    async def test_a_name_that_does_not_exist(self) -> None:
        async with Courier(TargetRules(), now, 5.0, "motcua") as one:
            assert (await one.post("https://nowhere.invalid/", b"{}", {})).error == "name-unknown"


class TestCertificates:
    """The address is called by number, the certificate is checked by name."""

    RULES = TargetRules(networks=(ip_network("127.0.0.0/8"),), ports=())

    async def test_the_certificate_of_the_name_is_good(self, tmp_path: Path) -> None:
        async with tls_server(tmp_path) as port:
            one = courier(self.RULES, ["127.0.0.1"], tls=trusting)
            assert (await call(one, f"https://{TLS_NAME}:{port}/hook")).status == 204

    async def test_the_certificate_of_another_name_is_not(self, tmp_path: Path) -> None:
        async with tls_server(tmp_path) as port:
            for host in ("other.example.vn", "127.0.0.1"):
                one = courier(self.RULES, ["127.0.0.1"], tls=trusting)
                assert (await call(one, f"https://{host}:{port}/hook")).error == "tls"

    async def test_a_certificate_that_nobody_vouches_for_is_not(self, tmp_path: Path) -> None:
        async with tls_server(tmp_path) as port:
            one = courier(self.RULES, ["127.0.0.1"])
            assert (await call(one, f"https://{TLS_NAME}:{port}/hook")).error == "tls"
