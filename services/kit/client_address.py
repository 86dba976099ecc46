"""Whose request it is, as far as an address tells: for limits only, never stored or logged in clear."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Annotated

from fastapi import Request
from pydantic import AfterValidator

Network = IPv4Network | IPv6Network
NEIGHBOURS = 64
"""A subscriber has a whole IPv6 network of this prefix length; counting single addresses would be no limit."""


def _checked(text: str) -> str:
    ip_network(text)
    return text


NetworkText = Annotated[str, AfterValidator(_checked)]
"""An address or network in settings: `10.0.0.5`, `10.0.0.0/8`."""


@dataclass(frozen=True)
class ClientAddress:
    """Reads `X-Forwarded-For`, and only as far as proxies that are trusted wrote it: anybody can send the header."""

    trusted: tuple[Network, ...] = ()

    @classmethod
    def behind(cls, proxies: Iterable[str]) -> ClientAddress:
        return cls(tuple(ip_network(proxy) for proxy in proxies))

    def of(self, request: Request) -> str:
        """The nearest address that is no trusted proxy; of IPv6 its network."""
        peer = request.client.host if request.client else ""
        forwarded = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
        # Each proxy appends who spoke to it: from the right, the first that is not ours is the client.
        hops = [peer, *(hop.strip() for hop in reversed(forwarded))]
        for hop, beyond in zip(hops, [*hops[1:], ""], strict=True):
            address = _address(hop)
            if address is None or not self._is_trusted(address) or _address(beyond) is None:
                return _counted(address, hop)
        return peer

    def _is_trusted(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self.trusted)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _counted(address: IPv4Address | IPv6Address | None, text: str) -> str:
    if isinstance(address, IPv6Address):
        return str(ip_network((address, NEIGHBOURS), strict=False))
    return text if address is None else str(address)
