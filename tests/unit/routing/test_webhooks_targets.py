"""Where a webhook may lead: the public internet by https, and nothing of ours."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.problems import Invalid
from services.routing.webhooks.domain.targets import LONGEST_URL, TargetRules

RULES = TargetRules()
OPEN = TargetRules(allow_http=True, networks=(ip_network("127.0.0.0/8"), ip_network("10.20.0.0/16")), ports=())


def reason(url: str, rules: TargetRules = RULES) -> str:
    with pytest.raises(Invalid) as refusal:
        rules.target(url)
    assert refusal.value.slug == "webhook-url-refused"
    return str(refusal.value.facts["reason"])


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "authority"),
    [
        ("https://agency.example.gov.vn", "agency.example.gov.vn", 443, "/", "agency.example.gov.vn"),
        ("HTTPS://Agency.Example.vn/Hook?Key=A", "agency.example.vn", 443, "/Hook?Key=A", "agency.example.vn"),
        ("https://a.vn:8443/h", "a.vn", 8443, "/h", "a.vn:8443"),
        ("https://a.vn:443/h", "a.vn", 443, "/h", "a.vn"),
        ("https://a.vn?x=1", "a.vn", 443, "/?x=1", "a.vn"),
        ("https://a.vn/h?to=b@c", "a.vn", 443, "/h?to=b@c", "a.vn"),
        ("https://xn--mtca-2qa.vn/h", "xn--mtca-2qa.vn", 443, "/h", "xn--mtca-2qa.vn"),
        ("https://203.162.4.190/h", "203.162.4.190", 443, "/h", "203.162.4.190"),
        ("https://[2400:cb00::1]:8443/h", "2400:cb00::1", 8443, "/h", "[2400:cb00::1]:8443"),
    ],
)
def test_a_public_address_is_taken_apart(url: str, host: str, port: int, path: str, authority: str) -> None:
    target = RULES.target(url)
    assert (target.host, target.port, target.path, target.authority) == (host, port, path, authority)
    assert RULES.target(target.url) == target


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://a.vn/", "scheme"), ("ftp://a.vn/", "scheme"), ("file:///etc/passwd", "form"), ("a.vn/h", "form"),
        ("javascript:alert(1)", "form"), ("", "form"), ("https://", "form"), ("https:///h", "form"),
        ("https://user:pw@a.vn/", "credentials"), ("https://a.vn@10.0.0.1/", "credentials"),
        ("https://a.vn:x@10.0.0.1/", "credentials"), ("https://a.vn#@b.vn/", "credentials"),
        ("https://a.vn/#x", "fragment"), ("https://a.vn\\@10.0.0.1/", "credentials"),
        ("https://a.vn\\.b.vn/", "form"), ("https://a.vn/ x", "form"),
        ("https://a.vn/\r\nX-A: b", "form"), ("https://a.vn/ă", "form"), ("https://ă.vn/", "form"),
        ("https://a.vn:0/", "port"), ("https://a.vn:22/", "port"), ("https://a.vn:27017/", "port"),
        ("https://a.vn:99999/", "port"), ("https://a.vn:443x/", "form"), ("https://a.vn:/", "form"),
        ("https://localhost/", "host"), ("https://mongodb/", "host"), ("https://a..vn/", "host"),
        ("https://-a.vn/", "host"), ("https://a.vn./", "host"), (f"https://{'a' * 64}.vn/", "host"),
        ("https://127.1/", "host"), ("https://2130706433/", "host"), ("https://0x7f000001/", "host"),
        ("https://0x7f.0.0.1/", "host"), ("https://127.0.0.0x1/", "host"), ("https://0177.0.0.1/", "host"),
        ("https://127.0.0.01/", "host"), ("https://999.1.1.1/", "host"),
        ("https://127.0.0.1/", "address"), ("https://[::1]/", "address"), ("https://169.254.169.254/latest", "address"),
        ("https://[::ffff:10.0.0.1]/", "address"), ("https://[fe80::1]/", "address"),
    ],
)  # fmt: skip
def test_what_could_lead_elsewhere_is_refused(url: str, why: str) -> None:
    assert reason(url) == why


def test_a_url_is_not_longer_than_the_limit() -> None:
    start = "https://a.vn/"
    assert RULES.target(start + "x" * (LONGEST_URL - len(start)))
    assert reason(start + "x" * (LONGEST_URL - len(start) + 1)) == "form"


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
        "172.31.255.255", "192.0.0.1", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1",
        "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:192.168.0.1", "::127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1",
        "100::1", "2001::1", "2001:db8::1", "2002:a00:1::", "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1",
        "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "", "a.vn", "1.2.3",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_not_called(address: str) -> None:
    assert not RULES.allows(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "203.162.4.190", "::ffff:8.8.8.8", "2400:cb00::1", "2606:4700::1111"])
def test_a_public_address_is_called(address: str) -> None:
    assert RULES.allows(address)


@given(st.ip_addresses())
def test_whatever_the_standard_library_calls_private_is_not_called(address: object) -> None:
    parsed = ip_address(str(address))
    inner = getattr(parsed, "ipv4_mapped", None) or parsed
    if inner.is_private or inner.is_loopback or inner.is_link_local or inner.is_multicast or inner.is_unspecified:
        assert not RULES.allows(str(address))


def test_only_what_an_installation_opens_is_open() -> None:
    assert OPEN.target("http://127.0.0.1:9999/h").port == 9999
    assert OPEN.allows("10.20.3.4")
    assert OPEN.allows("::ffff:10.20.3.4")
    assert not OPEN.allows("10.21.0.1")
    assert not OPEN.allows("::1")
    assert reason("http://10.21.0.1/", OPEN) == "address"
    assert reason("http://localhost/", OPEN) == "host"


def test_the_name_gives_way_to_its_address_and_stays_in_the_host_header() -> None:
    target = RULES.target("https://a.vn:8443/h?x=1")
    assert target.at("203.162.4.190") == "https://203.162.4.190:8443/h?x=1"
    assert target.at("2400:cb00::1") == "https://[2400:cb00::1]:8443/h?x=1"
    assert target.authority == "a.vn:8443"
