"""HTTP calls to partners' systems: to allowed addresses, within a time limit, without keeping what they answer."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType

import httpx

from contracts.problems import Invalid
from services.kit import metrics
from services.kit.clock import Now
from services.routing.webhooks.domain.attempts import Answer, Verdict, read_retry_after
from services.routing.webhooks.domain.cloud_event import MEDIA_TYPE
from services.routing.webhooks.domain.targets import Target, TargetRules

MOST_READ = 16 * 1024
"""Of a response, to use its connection again; a longer or slower one costs the connection."""
READ_S = 1.0
RESOLVERS = 32
IDLE_S = 2.0
"""Before a server would: one that has just closed looks like an answer that never came."""
Resolve = Callable[[str, int], Sequence[str]]


class _Refused(Exception):
    """The call is not made; the word says why."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


_FAILURES = (httpx.HTTPError, httpx.InvalidURL, OSError, _Refused)
"""An `OSError` is also a time-out and what TLS refuses."""


@cache
def _resolvers() -> ThreadPoolExecutor:
    """Threads of their own: a name server that hangs must not hold up other look-ups of the process."""
    return ThreadPoolExecutor(RESOLVERS, thread_name_prefix="webhook-names")


@cache
def _tls() -> ssl.SSLContext:
    """Certificates are checked against the usual authorities, and those of `SSL_CERT_FILE`."""
    return httpx.create_ssl_context(trust_env=True)


def system_resolver(host: str, port: int) -> Sequence[str]:
    """Addresses of a name. Raises: OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass
class Courier:
    """One for each process, or for one probe. Clients are kept by name: a connection is used for no other."""

    rules: TargetRules
    now: Now
    timeout_s: float
    origin: str
    resolve: Resolve = system_resolver
    tls: Callable[[], ssl.SSLContext] = _tls
    _clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    async def __aenter__(self) -> Courier:
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self.close()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send one event. Never raises for what the other side can do."""
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self.timeout_s):
                reply = await self._exchange("POST", url, {"Content-Type": MEDIA_TYPE, **headers}, body)
        except _FAILURES as error:
            answer = Answer(Verdict.FAILED, _word(error))
        else:
            answer = self._read(reply)
        seconds = time.perf_counter() - started
        metrics.observe("gateway_seconds", seconds, channel="webhook")
        return Answer(answer.verdict, answer.error, answer.status, answer.retry_after, round(seconds * 1000))

    async def forbids(self, url: str) -> bool:
        """Ask by CloudEvents' abuse protection (`OPTIONS`). Only who knows it and names another origin forbids."""
        try:
            async with asyncio.timeout(self.timeout_s):
                reply = await self._exchange("OPTIONS", url, {})
        except _FAILURES:
            return False  # the probe that follows says what is wrong
        allowed = reply.headers.get("webhook-allowed-origin")
        return allowed is not None and allowed.strip().lower() not in {"*", self.origin}

    async def close(self) -> None:
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.aclose()

    def _read(self, reply: httpx.Response) -> Answer:
        status = reply.status_code
        if reply.is_success:
            return Answer(Verdict.DELIVERED, None, status)
        if status == httpx.codes.GONE:
            return Answer(Verdict.GONE, "http-410", status)
        again = read_retry_after(reply.headers.get("retry-after"), self.now())
        return Answer(Verdict.FAILED, "redirect" if reply.is_redirect else f"http-{status}", status, again)

    async def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> httpx.Response:
        """Connect to an address that was just resolved and allowed: a name that changes its mind afterwards (DNS
        rebinding) leads nowhere else. The certificate is checked against the name."""
        try:
            target = self.rules.target(url)
        except Invalid as refusal:
            raise _Refused("address-refused") from refusal
        address = await self._address(target)
        request = self._client(target.host).stream(
            method,
            target.at(address),
            headers={
                "Host": target.authority,
                "User-Agent": "motcua-webhook/1",
                "Accept-Encoding": "identity",
                "WebHook-Request-Origin": self.origin,
                **headers,
            },
            content=body,
            extensions={"sni_hostname": target.host} if target.scheme == "https" else {},
        )
        async with request as reply:
            with suppress(*_FAILURES):  # the status says it all
                async with asyncio.timeout(READ_S):
                    await _drain(reply)
            return reply

    async def _address(self, target: Target) -> str:
        """Raises: OSError; _Refused when any address of the name is forbidden: who mixes them means no good."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(_resolvers(), self.resolve, target.host, target.port)
        if not found or not all(self.rules.allows(address) for address in found):
            raise _Refused("address-refused")
        # IPv4 first: many a network has IPv6 addresses in its names and no way there.
        return min(found, key=lambda address: ":" in address)

    def _client(self, host: str) -> httpx.AsyncClient:
        if host not in self._clients:
            self._clients[host] = httpx.AsyncClient(
                verify=self.tls(),
                timeout=httpx.Timeout(self.timeout_s),
                limits=httpx.Limits(max_keepalive_connections=8, keepalive_expiry=IDLE_S),
                follow_redirects=False,
                trust_env=False,
            )
        return self._clients[host]


async def _drain(reply: httpx.Response) -> None:
    read = 0
    async for chunk in reply.aiter_raw():
        read += len(chunk)
        if read > MOST_READ:
            return


def _word(error: BaseException) -> str:
    """What went wrong, without the exception's text: it may quote the address with a token in it."""
    if isinstance(error, _Refused):
        return error.error
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return "timeout"
    if isinstance(error, socket.gaierror):
        return "name-unknown"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "tls"
        cause = cause.__cause__ or cause.__context__
    return "no-connection" if isinstance(error, httpx.ConnectError | OSError) else "broken-off"
