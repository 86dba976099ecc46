"""Fill the cache of the native engines: `python -m local.engines.prepare` (that is `make engines`).

Runs as often as wanted: what is complete is left alone. Each engine is made in a staging folder and moved into place
by one rename, so an interrupted run leaves nothing that looks finished.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from local.engines.cache import (
    KAFKA_POM,
    SECANTUS_RS_VERSION,
    cache_root,
    java_binary,
    kafka_jars,
    kafka_version,
    secantus_rs_binary,
)
from local.engines.errors import BinaryMissing, EngineError, PreparationFailed
from local.engines.logs import tail
from local.engines.pidfile import process_identity

MINIMUM_JAVA = 17
# What secantus-mdb declares. Older compilers are tried all the same, see fetch_secantus_rs.
DECLARED_RUST = (1, 98)
PROGRESS_EVERY_S = 15.0


def say(text: str) -> None:
    """Print one progress line at once, also into a pipe."""
    print(f"[engines] {text}", flush=True)


def _tool(name: str, remedy: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise BinaryMissing(name, remedy)
    return found


def _run(what: str, command: Sequence[str], log_file: Path, environ: dict[str, str] | None = None) -> None:
    """Run a long tool with its output in a file and a line of progress now and then."""
    started = time.monotonic()
    with log_file.open("wb") as log:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environ)
        try:
            while True:
                try:
                    returncode = child.wait(PROGRESS_EVERY_S)
                    break
                except subprocess.TimeoutExpired:
                    say(f"{what}: {time.monotonic() - started:.0f} s … {tail(log_file, 1).strip()[:90]}")
        except BaseException:
            child.terminate()
            child.wait()
            raise
    if returncode != 0:
        raise PreparationFailed(what, log_file, tail(log_file, 15))
    say(f"{what}: xong sau {time.monotonic() - started:.0f} s (done)")


def _staging(name: str) -> Path:
    for left in cache_root().glob(f".staging-{name}-*"):
        if process_identity(int(left.name.rpartition("-")[2])) is None:  # its run was killed
            shutil.rmtree(left, ignore_errors=True)
    path = cache_root() / f".staging-{name}-{os.getpid()}"
    path.mkdir(parents=True)
    return path


def _move_into_place(staged: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        staged.rename(target)
    except OSError:
        if not target.exists():  # else another run was first, and its result is as good
            raise


def _version_in(command: Sequence[str], pattern: str) -> tuple[int, ...]:
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(pattern, said.stdout + said.stderr)
    return tuple(int(part) for part in found.groups()) if found else ()


def _need_for_kafka() -> None:
    """Java also where Kafka is prepared: it runs on it."""
    if _version_in([java_binary(), "-version"], r'version "(\d+)') < (MINIMUM_JAVA,):
        raise BinaryMissing(f"java {MINIMUM_JAVA}", "apt-get install openjdk-17-jre-headless")
    if not kafka_jars().exists():
        _tool("mvn", "apt-get install maven")


def _need_for_secantus_rs() -> None:
    if not secantus_rs_binary().exists():
        _tool("cargo", "apt-get install cargo")
        _tool("rustc", "apt-get install rustc")
        _tool("cc", "apt-get install build-essential")
        _tool("cmake", "apt-get install cmake")


def fetch_kafka() -> None:
    """Copy Kafka and what it needs at run time into the cache with Maven.

    Raises PreparationFailed when Maven fails.
    """
    target = kafka_jars()
    if target.exists():
        say(f"Kafka {kafka_version()}: đã có (present) {target}")
        return
    maven = _tool("mvn", "apt-get install maven")
    say(f"Kafka {kafka_version()}: tải bằng Maven, khoảng 43 MB (fetching)")
    staged = _staging("kafka")
    try:
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={staged / 'jars'}"]
        # Strict checksums: a proxy's error page saved as a jar fails here and not inside the broker.
        command = [maven, "-q", "-B", "--strict-checksums", "-f", str(KAFKA_POM), *goal]
        _run("Kafka", command, cache_root() / "kafka.log")
        _move_into_place(staged / "jars", target)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def fetch_secantus_rs() -> None:
    """Build the MongoDB-protocol server with cargo into the cache.

    Raises PreparationFailed when the build fails.
    """
    target = secantus_rs_binary()
    if target.exists():
        say(f"secantusd-rs {SECANTUS_RS_VERSION}: đã có (present) {target}")
        return
    command = [
        _tool("cargo", "apt-get install cargo"),
        "install",
        "secantus-mdb",
        "--version",
        SECANTUS_RS_VERSION,
        "--locked",
    ]
    rust = _version_in([_tool("rustc", "apt-get install rustc"), "--version"], r"(\d+)\.(\d+)")
    if rust < DECLARED_RUST:
        # The author promises nothing below the declared version; the tests marked `native` judge what comes out.
        wanted = ".".join(map(str, DECLARED_RUST))
        say(f"rustc cũ hơn bản {wanted} mà gói yêu cầu, vẫn thử biên dịch (older than declared, trying all the same)")
        command.append("--ignore-rust-version")
    say(f"secantusd-rs {SECANTUS_RS_VERSION}: biên dịch, khoảng 3-10 phút (building)")
    staged = _staging("secantus-rs")
    try:
        build = {**os.environ, "CARGO_TARGET_DIR": str(staged / "target")}
        _run("secantusd-rs", [*command, "--root", str(staged / "root")], cache_root() / "secantus-rs.log", build)
        _move_into_place(staged / "root", target.parent.parent)
    finally:
        shutil.rmtree(staged, ignore_errors=True)  # 600 MB of intermediate files


Step = Callable[[], None]
STEPS: dict[str, tuple[Step, Step]] = {
    "kafka": (_need_for_kafka, fetch_kafka),
    "secantus-rs": (_need_for_secantus_rs, fetch_secantus_rs),
}
"""For each engine: what looks for its tools, and what makes it."""


def _done(name: str, step: Step) -> bool:
    try:
        step()
    except EngineError as error:
        say(f"LỖI {name}: {error}")
        return False
    return True


def main(argv: Sequence[str]) -> int:
    """Prepare the named engines (all by default) and return the exit code.

    What is missing is said for all before anything is fetched; one failure does not stop the next engine.
    """
    unknown = [name for name in argv if name not in STEPS]
    if unknown:
        say(f"không rõ {', '.join(unknown)}; có: {', '.join(STEPS)} (unknown engine)")
        return 2
    cache_root().mkdir(parents=True, exist_ok=True)
    wanted = argv or list(STEPS)
    equipped = [name for name in wanted if _done(name, STEPS[name][0])]
    prepared = [name for name in equipped if _done(name, STEPS[name][1])]
    say(f"thư mục (cache): {cache_root()}")
    return 0 if len(prepared) == len(wanted) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
