"""The gateways that are set up, each with a client of its own: one that hangs takes no connections from the others."""

from __future__ import annotations

import ssl

from services.kit.mongo import Mongo
from services.kit.sealing import Opener
from services.notify.channels.base import Gateway
from services.notify.channels.esms import Esms, EsmsAccount
from services.notify.channels.smpp import Smpp
from services.notify.channels.smpp_link import LinkTimes
from services.notify.channels.smpp_session import SmppAccount
from services.notify.channels.speedsms import Speedsms, SpeedsmsAccount
from services.notify.channels.transport import Transport, make_client
from services.notify.channels.vnpt import Vnpt, VnptAccount
from services.notify.channels.zalo import Zalo
from services.notify.channels.zalo_tokens import OAuthApp, ZaloTokens
from services.notify.receipt_box import ReceiptBox
from services.notify.settings import NotifySettings


def make_zalo(settings: NotifySettings, mongo: Mongo, opener: Opener) -> Zalo:
    """The Zalo channel."""
    transport = _transport(settings)
    app = OAuthApp(settings.zalo_oauth_url, settings.zalo_app_id, settings.zalo_app_secret, settings.zalo_refresh_token)
    tokens = ZaloTokens(mongo, transport, app, opener, settings.clock().now)
    return Zalo(transport, settings.zalo_base_url, tokens)


def make_texts(settings: NotifySettings, mongo: Mongo) -> list[Gateway]:
    """The SMS gateways."""
    texts: list[Gateway] = []
    if settings.esms_api_key.get_secret_value():
        texts.append(_esms(settings))
    if settings.speedsms_token.get_secret_value():
        texts.append(_speedsms(settings))
    if settings.vnpt_base_url:
        texts.append(make_vnpt(settings))
    if settings.smpp_host:
        texts.append(_smpp(settings, ReceiptBox(mongo)))
    return texts


def make_vnpt(settings: NotifySettings) -> Vnpt:
    """VNPT, which reports nothing by itself and is asked by a loop of its own too."""
    account = VnptAccount(
        settings.vnpt_base_url,
        settings.vnpt_agent_id,
        settings.vnpt_api_user,
        settings.vnpt_api_pass,
        settings.vnpt_username,
        settings.vnpt_label_id,
        settings.vnpt_contract_id,
        settings.vnpt_send_time_format,
    )
    return Vnpt(_transport(settings), account, now=settings.clock().now)


def _esms(settings: NotifySettings) -> Esms:
    account = EsmsAccount(
        settings.esms_base_url,
        settings.esms_api_key,
        settings.esms_secret_key,
        settings.esms_brandname,
        settings.esms_callback_url,
    )
    return Esms(_transport(settings), account)


def _speedsms(settings: NotifySettings) -> Speedsms:
    account = SpeedsmsAccount(
        settings.speedsms_base_url, settings.speedsms_token, settings.speedsms_sender, settings.speedsms_type
    )
    return Speedsms(_transport(settings), account)


def _smpp(settings: NotifySettings, box: ReceiptBox) -> Smpp:
    account = SmppAccount(
        settings.smpp_host,
        settings.smpp_port,
        settings.smpp_system_id,
        settings.smpp_password,
        settings.smpp_sender,
        settings.smpp_system_type,
        ssl.create_default_context() if settings.smpp_tls else None,
    )
    return Smpp(
        account,
        box.put,
        settings.clock().now,
        timeout_s=settings.gateway_timeout_seconds,
        rate=settings.smpp_rate,
        window=settings.smpp_window,
        receipt_ids=settings.smpp_receipt_ids,
        references=settings.smpp_references,
        times=LinkTimes(connect=settings.gateway_connect_seconds),
    )


def _transport(settings: NotifySettings) -> Transport:
    client = make_client(
        settings.gateway_connect_seconds, settings.gateway_timeout_seconds, settings.gateway_concurrency
    )
    return Transport(client, settings.gateway_timeout_seconds)
