"""Where the native engines lie: outside the checkout, so that a clean clone does not fetch and build them again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from local.engines.errors import BinaryMissing

KAFKA_POM = Path(__file__).with_name("kafka-pom.xml")
SECANTUS_RS_VERSION = "0.5.3-beta.193"
PREPARE_COMMAND = "make engines"

_MAVEN = "{http://maven.apache.org/POM/4.0.0}"


def cache_root(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of the prepared engines; MOTCUA_CACHE moves it."""
    base = environ.get("MOTCUA_CACHE")
    return (Path(base) if base else Path.home() / ".cache" / "motcua") / "engines"


def kafka_version() -> str:
    """Read the Kafka version out of the pom, which is what Maven will obey."""
    for dependency in ElementTree.parse(KAFKA_POM).iter(f"{_MAVEN}dependency"):
        version = dependency.findtext(f"{_MAVEN}version")
        if dependency.findtext(f"{_MAVEN}artifactId") == "kafka_2.13" and version:
            return version
    raise ValueError(f"{KAFKA_POM.name} names no kafka_2.13")


def kafka_jars() -> Path:
    """Return the folder of Kafka's jars, which exists only once it is complete."""
    return cache_root() / f"kafka-{kafka_version()}"


def secantus_rs_binary() -> Path:
    """Return where the built MongoDB-protocol server lies or would lie."""
    return cache_root() / f"secantus-rs-{SECANTUS_RS_VERSION}" / "bin" / "secantusd-rs"


def java_binary(environ: Mapping[str, str] = os.environ) -> str:
    """Return the Java launcher: JAVA_HOME's, else the one on PATH.

    Raises BinaryMissing when there is none.
    """
    home = environ.get("JAVA_HOME")
    found = shutil.which(str(Path(home) / "bin" / "java")) if home else None
    found = found or shutil.which("java")
    if found is None:
        raise BinaryMissing("java", "apt-get install openjdk-17-jre-headless")
    return found


def missing_native() -> str | None:
    """Say why the native engines cannot start on this machine, or None when they can."""
    try:
        java_binary()
    except BinaryMissing as error:
        return str(error)
    for path in (kafka_jars(), secantus_rs_binary()):
        if not path.exists():
            return f"chưa có {path}; hãy chạy: {PREPARE_COMMAND} (not prepared)"
    return None
