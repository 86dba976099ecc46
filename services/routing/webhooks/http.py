"""HTTP in: agencies' systems subscribe, look at what became of their deliveries, and have them tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema

from contracts.problems import Invalid
from contracts.types import ProcedureCode, ShortText, UnitCode
from services.kit import references
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.http import CallerDep
from services.kit.ids import new_id
from services.kit.limiter import Limiter
from services.kit.mongo import Mongo
from services.routing.webhooks import queries
from services.routing.webhooks.commands.change_subscription import (
    EndSubscription,
    ResumeSubscription,
    RotateSecret,
    owned,
    running,
)
from services.routing.webhooks.commands.retry_delivery import RetryDelivery
from services.routing.webhooks.commands.subscribe import CheckRoom, Subscribe
from services.routing.webhooks.courier import Courier
from services.routing.webhooks.domain.attempts import Answer, Verdict
from services.routing.webhooks.domain.catalogue import SUBSCRIBABLE
from services.routing.webhooks.domain.delivery import DeliveryState
from services.routing.webhooks.domain.subscription import Subscription, Wants
from services.routing.webhooks.domain.targets import LONGEST_URL
from services.routing.webhooks.probe import send_probe
from services.routing.webhooks.settings import WebhookSettings
from services.routing.webhooks.store import SUBSCRIPTIONS
from services.routing.webhooks.vault import Vault

_WHY: Mapping[str, str] = {
    "timeout": "không trả lời kịp",
    "no-connection": "không kết nối được",
    "name-unknown": "không tìm thấy tên máy chủ",
    "address-refused": "tên máy chủ dẫn vào mạng nội bộ",
    "tls": "chứng thư bảo mật không hợp lệ",
    "broken-off": "kết nối bị ngắt giữa chừng",
    "redirect": "chuyển hướng sang nơi khác",
}


def _known(type: str) -> str:
    if type not in SUBSCRIBABLE:
        raise ValueError("not an event that can be subscribed to")
    return type


EventType = Annotated[str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": list(SUBSCRIBABLE)})]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,80}$")]


class SubscriptionIn(BaseModel):
    """Body of `POST /v1/agencies/{agency}/subscriptions`."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(max_length=LONGEST_URL)
    types: tuple[EventType, ...] = Field(min_length=1, max_length=len(SUBSCRIBABLE))
    procedures: tuple[ProcedureCode, ...] = Field(default=(), max_length=500)
    counters: tuple[UnitCode, ...] = Field(default=(), max_length=500)
    backfill: bool = False
    description: ShortText | None = None


class Probes:
    """Calls made while somebody waits for the answer."""

    def __init__(self, settings: WebhookSettings, mongo: Mongo, now: Now) -> None:
        self.settings, self.now = settings, now
        self.limit = Limiter.at(settings.webhook_probes, mongo, "webhook-probes", now)

    async def send(self, subscription: Subscription, secrets: tuple[str, ...], *, ask: bool) -> Answer:
        """
        Args:
            ask: first ask whether we may (CloudEvents' abuse protection).

        Raises: Limited `too-many-tries`; Invalid `webhook-origin-refused`.
        """
        await self.limit.hit(subscription.agency)
        settings = self.settings
        courier = Courier(settings.webhook_rules, self.now, settings.webhook_probe_seconds, settings.webhook_origin)
        async with courier:
            if ask and await courier.forbids(subscription.url):
                words = "Địa chỉ này không cho phép hệ thống gửi tin (WebHook-Allowed-Origin)."
                raise Invalid("webhook-origin-refused", words, origin=settings.webhook_origin)
            return await send_probe(
                courier, subscription.url, secrets, id=new_id(), subscription=subscription.id,
                agency=subscription.agency, now=self.now(),
            )  # fmt: skip


def routes(mongo: Mongo, committer: Committer, now: Now, settings: WebhookSettings) -> APIRouter:
    """The routes of webhooks; every one needs the agency's own key, or an operator's."""
    api = APIRouter(prefix="/v1/agencies/{agency}/subscriptions")
    vault, probes = Vault.of(settings), Probes(settings, mongo, now)

    async def found(agency: str, id: str) -> Subscription:
        return owned(await SUBSCRIPTIONS.read(mongo, id), agency)

    @api.post("", status_code=201)
    async def subscribe(agency: UnitCode, body: SubscriptionIn, caller: CallerDep) -> dict[str, Any]:
        """Đăng ký nhận tin. The secret is shown here and never again."""
        caller.require(f"agency:{agency}", "operator")
        url = settings.webhook_rules.target(body.url).url
        await committer.run(CheckRoom(agency, url))
        secret, sealed = vault.make()
        wants = Wants(tuple(dict.fromkeys(body.types)), body.procedures, body.counters, body.backfill)
        subscription = Subscription(new_id(), agency, url, wants, now(), sealed, body.description)
        answer = await probes.send(subscription, (secret,), ask=True)
        if answer.verdict is not Verdict.DELIVERED:
            raise _unanswered(answer)
        await committer.run(Subscribe(subscription))
        await asyncio.sleep(references.FRESH_S)  # then every worker knows: what happens after the answer is delivered
        return {**queries.shown(subscription), "secret": secret}

    @api.get("")
    async def listing(agency: UnitCode, caller: CallerDep) -> dict[str, Any]:
        caller.require(f"agency:{agency}", "operator")
        own = await queries.subscriptions_of(mongo, agency)
        return {"agency": agency, "subscriptions": [queries.shown(one) for one in own]}

    @api.get("/{id}")
    async def show(
        agency: UnitCode,
        id: Id,
        caller: CallerDep,
        state: DeliveryState | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> dict[str, Any]:
        """With its latest deliveries, those in one `state` or all."""
        caller.require(f"agency:{agency}", "operator")
        subscription = await found(agency, id)
        states = tuple(DeliveryState) if state is None else (state,)
        recent = await queries.recent_deliveries(mongo, id, states, limit)
        return {
            **queries.shown(subscription),
            "counts": await queries.delivery_counts(mongo, id),
            "deliveries": [queries.shown_delivery(delivery) for delivery in recent],
        }

    @api.delete("/{id}", status_code=204)
    async def unsubscribe(agency: UnitCode, id: Id, caller: CallerDep) -> Response:
        """Hủy đăng ký. Once more changes nothing."""
        caller.require(f"agency:{agency}", "operator")
        await committer.run(EndSubscription(id, agency))
        return Response(status_code=204)

    @api.post("/{id}/rotate-secret")
    async def rotate_secret(agency: UnitCode, id: Id, caller: CallerDep) -> dict[str, Any]:
        """Đổi khóa ký. The new one is shown here and never again; the old one signs beside it for a day."""
        caller.require(f"agency:{agency}", "operator")
        running(await found(agency, id), agency)
        secret, sealed = vault.make()
        after = await committer.run(RotateSecret(id, agency, sealed, settings.webhook_policy))
        return {**queries.shown(after), "secret": secret}

    @api.post("/{id}/test")
    async def send_test(agency: UnitCode, id: Id, caller: CallerDep) -> dict[str, Any]:
        """Gửi thử. A paused subscription whose address answers goes on."""
        caller.require(f"agency:{agency}", "operator")
        subscription = running(await found(agency, id), agency)
        answer = await probes.send(subscription, vault.opened(subscription, now()), ask=False)
        if answer.verdict is Verdict.DELIVERED:
            subscription = await committer.run(ResumeSubscription(id, agency))
        return {
            "answered": answer.verdict is Verdict.DELIVERED,
            "status": answer.status,
            "error": answer.error,
            "milliseconds": answer.milliseconds,
            "subscription": queries.shown(subscription),
        }

    @api.post("/{id}/deliveries/{delivery}/retry", status_code=202)
    async def retry(agency: UnitCode, id: Id, delivery: Id, caller: CallerDep) -> dict[str, Any]:
        """Gửi lại một tin: a dead letter, or one that waits for its next attempt."""
        caller.require(f"agency:{agency}", "operator")
        return queries.shown_delivery(await committer.run(RetryDelivery(id, agency, delivery)))

    return api


def _unanswered(answer: Answer) -> Invalid:
    why = _WHY.get(answer.error or "", f"trả lời mã {answer.status}")
    words = f"Địa chỉ nhận tin chưa trả lời đúng tin thử ({why}); chưa lưu đăng ký."
    return Invalid("webhook-probe-failed", words, reason=answer.error, status_seen=answer.status)
