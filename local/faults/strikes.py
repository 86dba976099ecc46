"""Makes a process die, stop, wait or fail at a named point of its road (see `services.kit.points`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from services.kit.points import PointName


@dataclass(frozen=True)
class Strikes:
    """The folder that the processes' `FAULT_DIR` names."""

    folder: Path

    def arm(self, process: str, point: PointName, what: str = "kill") -> None:
        """The next time the process passes the point, it does what is said: `kill`, `stop`, `wait 2`, `fail`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f"{process}.{point}.draft"
        draft.write_text(what, encoding="utf-8")
        draft.rename(self._file(process, point))  # at once whole: a file read half-written would say nothing known

    def struck(self, process: str, point: PointName) -> bool:
        """Whether a point that was armed has been passed since."""
        return not self._file(process, point).exists()

    def disarm(self, process: str, point: PointName) -> bool:
        """Take back what has not struck. Returns: whether it had not."""
        try:
            self._file(process, point).unlink()
        except FileNotFoundError:
            return False
        return True

    def _file(self, process: str, point: PointName) -> Path:
        return self.folder / f"{process}.{point}"
