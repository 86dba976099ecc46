"""How long a request body may be: decided by path, enforced before and while it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ANY = "{}"
PATIENCE = 5
"""Of a body that is too large for a page so many times the limit is read, and thrown away: browsers show an answer only
after they have sent everything."""
Tells = Callable[[Scope, int], bool]


class BodyLimits:
    """Limits by the beginning of the path.

    `/v1/dossiers/{code}/files` rules that path and all below it; a part in braces stands for any. The longest beginning
    wins, and of two equally long ones that with fewer braces. Parts are compared whole: `/v1/fil` rules no `/v1/files`.
    """

    def __init__(self, usual: int, by_path: Mapping[str, int]) -> None:
        self.usual = usual
        limits = [(_parts(path), limit) for path, limit in by_path.items()]
        self._limits = sorted(limits, key=lambda known: (len(known[0]), -known[0].count(_ANY)), reverse=True)

    def of(self, path: str) -> int:
        """Most bytes that a body sent to this path may have."""
        parts = _parts(path)
        for known, limit in self._limits:
            if len(known) <= len(parts) and all(a in (_ANY, b) for a, b in zip(known, parts, strict=False)):
                return limit
        return self.usual


def _parts(path: str) -> tuple[str, ...]:
    return tuple(_ANY if part.startswith("{") else part for part in path.split("/") if part)


class _TooLarge(Exception):
    pass


class BodyLimit:
    """Refuses an over-long body before it is read, also when no length was announced."""

    def __init__(
        self,
        app: ASGIApp,
        limits: BodyLimits,
        refuse: Callable[[int], ASGIApp],
        tells: Tells = lambda scope, limit: False,
    ) -> None:
        """
        Args:
            refuse: makes the answer from the limit that was passed.
            tells: whether the application answers itself a request that announced too much, reading no more of it than
                it can bear; it may note the limit in the request's scope.
        """
        self.app, self.limits, self.refuse, self.tells = app, limits, refuse, tells

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.limits.of(scope["path"])
        length = next((v for k, v in scope["headers"] if k == b"content-length"), b"0")
        if length.isdigit() and int(length) > limit and self.tells(scope, limit):
            await self.app(scope, receive, send)
            return
        if not length.isdigit() or int(length) > limit:
            await self.refuse(limit)(scope, receive, send)
            return
        seen, started, over = 0, False, False

        async def counted() -> Message:
            nonlocal seen, over
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                over = True
                raise _TooLarge
            return message

        async def watched(message: Message) -> None:
            nonlocal started
            if over and not started:
                return  # FastAPI takes the broken body for bad JSON and answers 400: the answer is ours
            started = True
            await send(message)

        with suppress(_TooLarge):
            await self.app(scope, counted, watched)
        if over and not started:
            await self.refuse(limit)(scope, receive, send)
