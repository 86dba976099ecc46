"""What people see while it runs: what is being done, how far it is, what each fault came to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from local.chaos.figures import Strike

SAID_EVERY_S = 60.0
"""Where no line can move."""


class Show:
    """A line that moves, and lines that stay."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._progress: Progress | None = None
        self._bar: TaskID | None = None
        self._said_at = time.monotonic()

    @contextmanager
    def bar(self, seconds: float) -> Iterator[None]:
        """Everything within is shown below a bar of that length."""
        columns = (BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
        with Progress(*columns, console=self.console) as progress:
            self._progress, self._bar = progress, progress.add_task("", total=seconds)
            try:
                yield
            finally:
                self._progress = None

    def at(self, seconds: float, words: str) -> None:
        """So far, doing this."""
        if self._progress is not None and self._bar is not None:
            self._progress.update(self._bar, completed=seconds, description=escape(words))
        if not self.console.is_terminal and time.monotonic() - self._said_at > SAID_EVERY_S:
            self._said_at = time.monotonic()
            self.says(words)

    def phase(self, words: str) -> None:
        self.console.print(f"[dim]{escape(words)} …[/dim]")

    def says(self, words: str) -> None:
        self.console.print(escape(words))

    def struck(self, strike: Strike) -> None:
        """One fault is over."""
        if strike.recovery_s is None:
            after = "[red]không hồi phục trong thời gian cho phép[/red]"
        else:
            after = f"[green]hồi phục sau {strike.recovery_s:.1f} s[/green]"
        self.console.print(f"{escape(strike.words)} [dim]({escape(strike.detail)})[/dim]: {after}")
