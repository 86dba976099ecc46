"""Whose address is counted: nobody can choose it by sending a header."""

from __future__ import annotations

import pytest
from fastapi import Request

from services.kit.client_address import ClientAddress

PROXY, CITIZEN, OTHER = "10.0.0.5", "203.0.113.7", "198.51.100.9"
BEHIND = ClientAddress.behind(["10.0.0.0/8"])


def request(peer: str | None, *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    return Request({"type": "http", "headers": headers, "client": (peer, 1) if peer else None})


def test_without_a_trusted_proxy_the_header_says_nothing() -> None:
    assert ClientAddress().of(request(CITIZEN, OTHER)) == CITIZEN
    assert BEHIND.of(request(CITIZEN, OTHER)) == CITIZEN


def test_behind_a_trusted_proxy_it_is_the_address_that_the_proxy_saw() -> None:
    assert BEHIND.of(request(PROXY, CITIZEN)) == CITIZEN
    assert BEHIND.of(request(PROXY, f"{CITIZEN}, 10.0.0.9")) == CITIZEN
    assert BEHIND.of(request(PROXY, CITIZEN, "10.0.0.9")) == CITIZEN


def test_what_the_citizen_put_into_the_header_does_not_count() -> None:
    for forged in (OTHER, "10.0.0.1", "nonsense", ""):
        assert BEHIND.of(request(PROXY, f"{forged}, {CITIZEN}")) == CITIZEN


@pytest.mark.parametrize("forwarded", ["", "nonsense", "unknown, for=x"])
def test_a_proxy_that_says_nothing_useful_is_counted_itself(forwarded: str) -> None:
    assert BEHIND.of(request(PROXY, forwarded)) == PROXY
    assert BEHIND.of(request(PROXY)) == PROXY


def test_all_addresses_of_a_subscriber_are_one() -> None:
    plain = ClientAddress()
    assert plain.of(request("2001:db8:1:2:3::4")) == plain.of(request("2001:db8:1:2:ffff::9")) == "2001:db8:1:2::/64"
    assert plain.of(request("2001:db8:1:3::4")) != plain.of(request("2001:db8:1:2::4"))
    assert plain.of(request("::ffff:203.0.113.7")) == CITIZEN


def test_without_a_peer_there_is_one_key_for_all() -> None:
    assert ClientAddress().of(request(None)) == ""
