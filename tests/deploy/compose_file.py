"""docker-compose.yml as compose and the processes read it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic_settings import BaseSettings

from services.intake.settings import IntakeSettings
from services.kit.settings import HealthSettings, KafkaSettings, Settings
from services.kit.web.settings import OidcSettings, WebSettings
from services.notify.settings import NotifySettings
from services.routing.settings import RoutingSettings

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SETTINGS: dict[str, type[Settings]] = {
    "intake": IntakeSettings,
    "routing": RoutingSettings,
    "notify": NotifySettings,
}
PROCESSES = tuple(f"{service}-{role}" for service in SETTINGS for role in ("api", "worker"))
ONE_SHOT = ("mongodb-init", "init")
OURS = (*PROCESSES, "init", "simulators")
TRIAL = dict(
    line.split("=", 1)
    for line in (ROOT / "deploy/trial.env").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)

READ_OUTSIDE_SETTINGS = {
    "SECRETS_DIR": "names the folder the settings are read from",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "a name of the OpenTelemetry standard, read by its library too",
}
KAFKA = {"KAFKA_BOOTSTRAP", "KAFKA_IDEMPOTENCE", "KAFKA_EPOCH"}
_VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(?::-([^}]*))?\}")


def interpolated(text: str, dotenv: Mapping[str, str]) -> str:
    """`${NAME:-default}` as compose reads it."""
    return _VARIABLE.sub(lambda match: dotenv.get(match[1]) or match[2] or "", text)


def environment(name: str, dotenv: Mapping[str, str]) -> dict[str, str]:
    """What the container gets; a name without a value is passed on if it is set, and else absent."""
    values: Mapping[str, Any] = SERVICES[name].get("environment", {})
    given = {key: interpolated(str(value), dotenv) for key, value in values.items() if value is not None}
    return given | {key: dotenv[key] for key, value in values.items() if value is None and key in dotenv}


def secrets_of(name: str) -> dict[str, str]:
    """Name in the container by name of the secret."""
    mounts = SERVICES[name].get("secrets", [])
    pairs = [(m, m) if isinstance(m, str) else (m["source"], m["target"]) for m in mounts]
    return {source: target for source, target in pairs}


def names_of(process: str) -> set[str]:
    return set(SERVICES[process]["environment"]) | {target.upper() for target in secrets_of(process).values()}


def known_names(settings: type[BaseSettings]) -> set[str]:
    own = {field.upper() for field in settings.model_fields if field not in ("kafka", "health", "web", "oidc")}
    own |= {f"KAFKA_{field.upper()}" for field in KafkaSettings.model_fields}
    own |= {f"HEALTH_{field.upper()}" for field in HealthSettings.model_fields}
    own |= {f"WEB_{field.upper()}" for field in WebSettings.model_fields}
    own |= {f"OIDC_{field.upper()}" for field in OidcSettings.model_fields}
    return own | set(READ_OUTSIDE_SETTINGS)


def secret_names(settings: type[BaseSettings]) -> set[str]:
    fields = settings.model_fields.items()
    return {name.upper() for name, field in fields if "SecretStr" in str(field.annotation)}


def settings_of(process: str) -> type[Settings]:
    return SETTINGS[process.partition("-")[0]]


def run_make_secrets(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "deploy/make-secrets.py"), "--folder", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
