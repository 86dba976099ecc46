"""Where a webhook may lead: a partner must not be able to make our servers call into our own network (SSRF)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from contracts.problems import Invalid

Network = IPv4Network | IPv6Network
LONGEST_URL = 1000
STANDARD_PORTS: Mapping[str, int] = {"https": 443, "http": 80}
# A form so narrow that no two programs read it in two ways.
_URL = re.compile(
    r"(?P<scheme>[a-z]+)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::(?P<port>[0-9]{1,5}))?(?P<path>[/?][!-~]*)?",
    re.IGNORECASE | re.ASCII,
)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LAST_LABEL = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
"""Begins with a letter: `127.1` and `127.0.0.0x1` are addresses to the resolver, and no names."""
_NOT_PUBLIC = tuple(
    ip_network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2002::/16", "3fff::/20")
)
"""Beside what the standard library knows: protocol and documentation addresses, and those that carry another address
inside (Teredo, 6to4) and lead to where that one is."""
_GLOBAL_UNICAST = ip_network("2000::/3")
"""All of IPv6 that is public, and none of what carries IPv4 elsewhere (NAT64)."""
_WORDS: Mapping[str, str] = {
    "form": "địa chỉ không đúng dạng URL",
    "scheme": "địa chỉ phải bắt đầu bằng https://",
    "credentials": "địa chỉ không được chứa tên đăng nhập, mật khẩu",
    "fragment": "địa chỉ không được chứa dấu #",
    "host": "tên máy chủ không dùng được",
    "port": "cổng này không được phép",
    "address": "địa chỉ nằm trong mạng nội bộ",
}


@dataclass(frozen=True)
class Target:
    """An address that may be called, once its name is resolved to addresses that may."""

    scheme: str
    host: str
    """Name or address, without brackets."""
    port: int
    path: str
    """With the query."""

    @property
    def authority(self) -> str:
        """As the `Host` header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == STANDARD_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"

    def at(self, address: str) -> str:
        """The same with the name replaced by one of its addresses."""
        host = f"[{address}]" if ":" in address else address
        return f"{self.scheme}://{host}:{self.port}{self.path}"


@dataclass(frozen=True)
class TargetRules:
    """What an installation allows."""

    allow_http: bool = False
    networks: tuple[Network, ...] = ()
    """Not public, but allowed: the administration's own wide area network, say."""
    ports: tuple[int, ...] = (443, 8443)
    """Empty: any."""

    def target(self, url: str) -> Target:
        """Raises: Invalid `webhook-url-refused`; `reason` says why."""
        found = _URL.fullmatch(url) if len(url) <= LONGEST_URL else None
        authority = url.partition("://")[2].partition("/")[0].partition("?")[0]
        if "@" in authority:
            raise refused("credentials")
        if "#" in url:
            raise refused("fragment")
        if found is None or "\\" in url:
            raise refused("form")
        scheme, host = found["scheme"].lower(), found["host"].lower()
        if scheme != "https" and not (scheme == "http" and self.allow_http):
            raise refused("scheme")
        port = int(found["port"] or STANDARD_PORTS[scheme])
        if not 1 <= port <= 65535 or (self.ports and port not in self.ports):
            raise refused("port")
        path = found["path"] or "/"
        return Target(scheme, self._host(host), port, path if path.startswith("/") else f"/{path}")

    def allows(self, address: str) -> bool:
        """Whether a resolved address may be called."""
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        if any(parsed in network for network in self.networks):
            return True
        return _public(parsed)

    def _host(self, host: str) -> str:
        literal = _literal(host)
        if literal is not None:
            if not self.allows(literal):
                raise refused("address")
            return literal
        *labels, last = host.split(".")
        if not labels or len(host) > 253 or not _LAST_LABEL.fullmatch(last):
            raise refused("host")
        if not all(_LABEL.fullmatch(label) for label in labels):
            raise refused("host")
        return host


def refused(reason: str) -> Invalid:
    return Invalid("webhook-url-refused", f"Không đăng ký được: {_WORDS[reason]}.", reason=reason)


def _literal(host: str) -> str | None:
    try:
        return str(ip_address(host.removeprefix("[").removesuffix("]")))
    except ValueError:
        return None


def _public(address: IPv4Address | IPv6Address) -> bool:
    if address.version == 6 and address not in _GLOBAL_UNICAST:
        return False
    if address.is_multicast or not address.is_global:
        return False
    return not any(address in network for network in _NOT_PUBLIC)
