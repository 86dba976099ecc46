"""What logs and metrics say of a call."""

from __future__ import annotations

from services.kit import logs, metrics
from services.routing.webhooks.commands.claim_delivery import Call
from services.routing.webhooks.commands.record_answer import Recorded
from services.routing.webhooks.domain.attempts import Answer, Verdict
from services.routing.webhooks.domain.delivery import DeliveryState

log = logs.get("routing.webhooks")


def report(call: Call, answer: Answer, recorded: Recorded | None) -> None:
    """Never the address, which may hold a token."""
    metrics.count("webhook_attempts_total", result=_result(answer))
    about = {"subscription": call.subscription.id, "agency": call.subscription.agency}
    if answer.verdict is not Verdict.DELIVERED:
        log.info(
            "webhook.not_delivered",
            **about,
            event_id=call.delivery.event,
            code=call.delivery.code,
            error=answer.error,
            attempt=call.delivery.attempts + 1,
        )
    if recorded is None:
        return
    if recorded.delivery.state is DeliveryState.DEAD:
        metrics.count("webhook_dead_letters_total", reason=recorded.delivery.reason or "")
        log.warning("webhook.dead_letter", **about, event_id=call.delivery.event, reason=recorded.delivery.reason)
    after = recorded.subscription
    if after.state is not recorded.before.state:
        metrics.count("webhook_subscriptions_stopped_total", reason=after.reason or "")
        log.error("webhook.subscription_stopped", **about, state=after.state, reason=after.reason)


def _result(answer: Answer) -> str:
    """One of a few words."""
    if answer.verdict is Verdict.DELIVERED:
        return "delivered"
    if answer.status is not None:
        return f"http-{answer.status // 100}xx"
    return answer.error or "failed"
