"""Keeps one session with the SMSC: opened on first use, opened again with growing pauses when it ends."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from services.kit import logs
from services.notify.channels.smpp_errors import bind_verdict_of, code_of
from services.notify.channels.smpp_pdu import Pdu
from services.notify.channels.smpp_session import BindRefused, Lost, NotLeft, Session, SmppAccount
from services.notify.domain.results import Result, Verdict

log = logs.get("notify.smpp")


@dataclass(frozen=True)
class LinkTimes:
    """Seconds."""

    connect: float = 3.0
    """Longest a connection with its bind may take."""
    enquire: float = 30.0
    """A line silent for so long is asked whether it lives."""
    first_pause: float = 0.5
    longest_pause: float = 60.0
    proven: float = 30.0
    """A session that lasted so long ends the growing of pauses."""


class NotBound(Exception):
    """There is no session now; `result` is what that means for a message: it was surely not sent."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.gateway_code)
        self.result = result


@dataclass
class Link:
    """The session at hand, and the task that opens the next one."""

    account: SmppAccount
    on_delivery: Callable[[Pdu], Awaitable[bool]]
    times: LinkTimes = field(default_factory=LinkTimes)
    _task: asyncio.Task[None] | None = None
    _next: asyncio.Future[Session] | None = None
    """Of the attempt under way, or of the last one."""
    _closed: bool = False

    def start(self) -> None:
        """Begin to open the session, where nobody has; it is not waited for."""
        if self._task is None and not self._closed:
            self._next = asyncio.get_running_loop().create_future()
            self._task = asyncio.create_task(self._keep(self._next), name="smpp-link")

    async def session(self) -> Session:
        """The bound session; waits for an attempt under way, never for a pause to end.

        Raises: NotBound.
        """
        if self._closed:
            raise NotBound(Result(Verdict.TRANSIENT, "closed"))
        self.start()
        assert self._next is not None
        session = await asyncio.shield(self._next)
        if not session.alive:
            raise NotBound(Result(Verdict.TRANSIENT, "not-bound"))
        return session

    async def close(self) -> None:
        """Unbind and open no more."""
        self._closed = True
        if self._task is None:
            return
        current = self._next
        self._task.cancel()
        await asyncio.wait((self._task,))
        assert current is not None
        if not current.done():
            _fail(current, Result(Verdict.TRANSIENT, "closed"))
        elif current.exception() is None:
            await current.result().close()

    async def _keep(self, attempt: asyncio.Future[Session]) -> None:
        loop, failures = asyncio.get_running_loop(), 0
        while True:
            began, session = loop.time(), None
            try:
                session = await self._open(attempt)
                if session is not None:
                    await session.ended()
            except Exception as error:  # noqa: BLE001 - whatever it was, without this task nothing is ever sent again
                log.error("smpp.link-failed", error=type(error).__name__)
                if not attempt.done():
                    _fail(attempt, Result(Verdict.TRANSIENT, type(error).__name__))
            failures = 0 if session is not None and loop.time() - began > self.times.proven else failures + 1
            await asyncio.sleep(self._pause(failures))
            self._next = attempt = loop.create_future()

    async def _open(self, attempt: asyncio.Future[Session]) -> Session | None:
        times = self.times
        try:
            session = await Session.open(
                self.account, self.on_delivery, connect_s=times.connect, enquire_s=times.enquire
            )
        except BindRefused as refused:
            log.error("smpp.bind-refused", status=code_of(refused.status))
            _fail(attempt, Result(bind_verdict_of(refused.status), f"bind-{code_of(refused.status)}"))
        except ssl.SSLCertVerificationError:
            log.error("smpp.certificate-refused")
            _fail(attempt, Result(Verdict.CONFIGURATION, "certificate"))
        except ValueError as error:
            # A name or a password that the protocol or the network has no way to write.
            log.error("smpp.account-refused", error=type(error).__name__)
            _fail(attempt, Result(Verdict.CONFIGURATION, type(error).__name__))
        except (OSError, TimeoutError, NotLeft, Lost) as error:
            log.warning("smpp.not-connected", error=type(error).__name__)
            _fail(attempt, Result(Verdict.TRANSIENT, type(error).__name__))
        else:
            log.info("smpp.bound")
            attempt.set_result(session)
            return session
        return None

    def _pause(self, failures: int) -> float:
        doubled: float = self.times.first_pause * 2 ** min(failures, 16)
        return min(self.times.longest_pause, doubled) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


def _fail(attempt: asyncio.Future[Session], result: Result) -> None:
    attempt.set_exception(NotBound(result))
    attempt.exception()  # nobody need ask
