"""What can go wrong when an engine is started, stopped or prepared.

EngineError
├── BinaryMissing        the program (or Java, or the prepared cache) is not on this machine
├── PortTaken            somebody else listens on the port
├── AlreadyRunning       another live process holds this data directory
├── EngineDied           the child ended before, or instead of, answering
├── NotReady             the child lives but gave no protocol answer in time
├── Unreachable          an existing cluster named by the environment does not answer
├── BadEngineSetting     ENGINES or a port has a value nobody can act on
└── PreparationFailed    Maven or cargo could not fill the cache

Every message is Vietnamese first, English after it: the reader is the person at the terminal.
"""

from __future__ import annotations

import re
from pathlib import Path

# A MongoDB URL carries its password, and messages end up in logs.
_CREDENTIALS = re.compile(r"//[^@/]*@")


class EngineError(RuntimeError):
    """Base of everything this package raises on purpose."""

    slug = "engine"

    def __init__(self, vietnamese: str, english: str, detail: str = "") -> None:
        self.vietnamese = vietnamese
        self.english = english
        self.detail = detail
        text = f"{vietnamese} ({english})"
        super().__init__(f"{text}\n{detail}" if detail else text)


class BinaryMissing(EngineError):
    """The program to run is not installed; the message says what installs it."""

    slug = "binary-missing"

    def __init__(self, program: str, remedy: str) -> None:
        self.program = program
        super().__init__(
            f"Không tìm thấy «{program}»; hãy chạy: {remedy}",
            f"'{program}' was not found; run: {remedy}",
        )


class PortTaken(EngineError):
    """The port the engine was told to use already has a listener."""

    slug = "port-taken"

    def __init__(self, engine: str, host: str, port: int) -> None:
        self.port = port
        super().__init__(
            f"Cổng {host}:{port} đã có chương trình khác dùng nên không khởi động được {engine}",
            f"port {host}:{port} is taken, {engine} cannot start",
        )


class AlreadyRunning(EngineError):
    """A live starter still holds the data directory: two engines on one directory would destroy it."""

    slug = "already-running"

    def __init__(self, engine: str, data_dir: Path, pid: int | None) -> None:
        self.pid = pid
        who = f"pid {pid}" if pid else "pid ?"
        super().__init__(
            f"{engine} đang chạy trên thư mục {data_dir} ({who}); hãy dừng nó trước",
            f"{engine} already runs on {data_dir} ({who}); stop it first",
        )


class EngineDied(EngineError):
    """The child process ended although nobody asked it to."""

    slug = "engine-died"

    def __init__(self, engine: str, returncode: int, log_tail: str) -> None:
        self.returncode = returncode
        super().__init__(
            f"{engine} đã tự dừng với mã {returncode}; các dòng nhật ký cuối:",
            f"{engine} ended by itself with code {returncode}; last log lines follow",
            log_tail,
        )


class NotReady(EngineError):
    """The child lives but did not answer its protocol before the deadline."""

    slug = "not-ready"

    def __init__(self, engine: str, deadline_s: float, log_tail: str) -> None:
        super().__init__(
            f"{engine} không trả lời sau {deadline_s:g} giây; các dòng nhật ký cuối:",
            f"{engine} gave no answer within {deadline_s:g} s; last log lines follow",
            log_tail,
        )


class Unreachable(EngineError):
    """An existing cluster named by the environment does not answer."""

    slug = "unreachable"

    def __init__(self, setting: str, address: str) -> None:
        address = _CREDENTIALS.sub("//***@", address)
        super().__init__(
            f"Không kết nối được tới {address} (biến {setting})",
            f"cannot reach {address} (setting {setting})",
        )


class BadEngineSetting(EngineError):
    """A setting has a value outside the accepted ones."""

    slug = "bad-engine-setting"

    def __init__(self, setting: str, value: str, accepted: str) -> None:
        super().__init__(
            f"{setting}={value!r} không hợp lệ; chỉ chấp nhận: {accepted}",
            f"{setting}={value!r} is not valid; accepted: {accepted}",
        )


class PreparationFailed(EngineError):
    """A tool that fills the cache failed; `detail` holds the end of what it said."""

    slug = "preparation-failed"

    def __init__(self, what: str, log_file: Path, log_tail: str) -> None:
        super().__init__(
            f"Không chuẩn bị được {what}; xem {log_file}; các dòng cuối:",
            f"could not prepare {what}; see {log_file}; last lines follow",
            log_tail,
        )
