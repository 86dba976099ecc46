"""Zalo's single-use refresh tokens: one is spent, whoever asks; nothing loops; a lost pair stops the channel only."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from contracts.types import NoticeChannel
from services.kit.sealing import Opener
from services.notify.channels.transport import Failed, Transport
from services.notify.channels.zalo_tokens import TOKENS, ConsentNeeded, OAuthApp, ZaloTokens
from services.notify.settings import NotifySettings
from tests.component.notify_fixtures import PHONE, Town, code, first_refresh_token, now, open_town
from tests.component.notify_fixtures import town as town


class Counted(Transport):
    """A transport that counts how often the OAuth host was asked."""

    asked = 0

    async def reply(self, method: str, url: str, **options: Any) -> httpx.Response:
        type(self).asked += 1
        return await super().reply(method, url, **options)


@pytest.fixture(autouse=True)
def _nothing_asked() -> None:
    Counted.asked = 0


def store(town: Town, settings: NotifySettings | None = None, opener: Opener | None = None) -> ZaloTokens:
    """A token store as another process would have it."""
    settings = settings or town.settings
    transport = Counted(httpx.AsyncClient(trust_env=False), settings.gateway_timeout_seconds)
    app = OAuthApp(settings.zalo_oauth_url, settings.zalo_app_id, settings.zalo_app_secret, settings.zalo_refresh_token)
    return ZaloTokens(town.mongo, transport, app, opener or town.opener, now)


async def test_many_processes_at_once_spend_one_refresh_token(town: Town) -> None:
    processes = [store(town) for _ in range(4)]
    tokens = await asyncio.gather(*(process.current() for process in processes for _ in range(3)))
    assert len(set(tokens)) == 1
    assert Counted.asked == 1


async def test_two_senders_that_are_refused_at_once_spend_one_refresh_token(town: Town) -> None:
    one, other = store(town), store(town)
    stale = await one.current()
    assert await other.current() == stale
    await town.faults(expire_tokens_now=True)
    renewed = await asyncio.gather(*(process.renewed(refused=stale) for process in (one, other, one, other)))
    assert len(set(renewed)) == 1
    assert renewed[0] != stale
    assert Counted.asked == 2


async def test_a_stale_token_is_renewed_once_in_the_middle_of_sending(town: Town) -> None:
    async with town.working():
        await town.happens(town.submitted(code(1)))
        await town.reaches(code(1), "delivered")
        await town.faults(expire_tokens_now=True)
        await town.happens(town.submitted(code(2)), town.submitted(code(3), "0901234568"))
        await town.reaches(code(2), "delivered")
        await town.reaches(code(3), "delivered")
    assert [message["provider"] for message in await town.messages()] == ["zalo"] * 3


async def test_the_new_pair_is_stored_sealed_before_it_is_used(town: Town) -> None:
    token = await store(town).current()
    document = await town.mongo.collection(TOKENS).find_one({"_id": "zalo"})
    assert document is not None
    assert town.opener.open(document["access"]).decode() == token
    assert town.settings.zalo_refresh_token.get_secret_value() not in str(document)
    assert town.opener.open(document["refresh"]).decode() != town.settings.zalo_refresh_token.get_secret_value()


async def test_a_consumed_refresh_token_stops_zalo_and_the_notices_go_by_sms(town: Town) -> None:
    """Somebody else spent it: an empty HTTP 200 body. Nothing asks again until a person has consented anew."""
    form = {
        "refresh_token": town.settings.zalo_refresh_token.get_secret_value(),
        "app_id": town.settings.zalo_app_id,
        "grant_type": "refresh_token",
    }
    headers = {"secret_key": town.settings.zalo_app_secret.get_secret_value()}
    await town.gateways.post("/zalo-oauth/v4/oa/access_token", data=form, headers=headers)
    await town.happens(town.submitted(code(), PHONE))
    async with town.working():
        notice = await town.reaches(code(), "delivered")
    assert notice.channel is NoticeChannel.SMS
    assert notice.attempts[0].gateway_code == "consent-needed"
    for _ in range(3):
        with pytest.raises(ConsentNeeded):
            await store(town).current()
    assert Counted.asked == 0
    # A person consents and sets the new first token: it is adopted without any other step.
    fresh = await first_refresh_token(str(town.gateways.base_url).rstrip("/"))
    renewed = town.settings.model_copy(update={"zalo_refresh_token": type(town.settings.zalo_refresh_token)(fresh)})
    assert await store(town, renewed).current()


@pytest.mark.parametrize("as_string", [False, True])
async def test_an_unknown_refresh_token_is_permanent_in_both_spellings(
    mongodb_url: str, prefix: str, as_string: bool
) -> None:
    async with open_town(mongodb_url, prefix, zalo_refresh_token="never-issued") as town:
        await town.faults(oauth_error_as_string=as_string)
        with pytest.raises(ConsentNeeded):
            await store(town).current()
        with pytest.raises(ConsentNeeded):
            await store(town).current()
        assert Counted.asked == 1


async def test_a_broken_oauth_host_costs_nothing_but_time(town: Town) -> None:
    await town.faults(http_502=1.0)
    with pytest.raises(Failed):
        await store(town).current()
    await town.faults()
    assert await store(town).current()


async def test_without_any_token_the_channel_is_closed_and_nobody_is_asked(mongodb_url: str, prefix: str) -> None:
    async with open_town(mongodb_url, prefix, zalo_refresh_token="") as town:
        with pytest.raises(ConsentNeeded):
            await store(town).current()
        assert Counted.asked == 0
