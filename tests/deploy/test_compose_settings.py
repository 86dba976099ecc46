"""What docker-compose.yml gives each process is what that process reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from local.engines import Endpoints
from local.identity import Identity
from local.plan import Ports
from local.plan import services as plan_services
from local.simulators.settings import SimulatorSettings
from motcua.settings import CliSettings
from services.kit.sealing import Opener, new_private_key
from services.kit.settings import HealthSettings, Settings
from services.kit.web.settings import OidcSettings, WebSettings
from services.notify.preferences import read_phone_key
from tests.deploy.compose_file import (
    COMPOSE,
    KAFKA,
    PROCESSES,
    READ_OUTSIDE_SETTINGS,
    ROOT,
    SERVICES,
    SETTINGS,
    TRIAL,
    environment,
    known_names,
    names_of,
    secrets_of,
    settings_of,
)

ONLY_LOCAL = {
    "CLOCK_OFFSET_SECONDS": "demonstrations move the clock; production refuses it",
    "KAFKA_FETCH_MAX_WAIT_MS": "the embedded broker answers an empty fetch late; the default is right for Kafka",
    "KAFKA_SESSION_TIMEOUT_MS": "local restarts are frequent; a server uses the longer default",
    "WEBHOOK_ALLOW_HTTP": "webhooks lead to programs on this machine; production refuses it",
    "OIDC_DEVELOPMENT": "everybody may be anybody at the provider beside it; production refuses it",
    "ANSWER_CHECK_SECONDS": "a demonstration waits for nothing; the default is often enough",
    "ZALO_UNKNOWN_SECONDS": "receipts of the simulators come within seconds",
    "ZALO_RECEIPT_SECONDS": "receipts of the simulators come within seconds",
    "SMS_RECEIPT_SECONDS": "receipts of the simulators come within seconds",
    "SMS_UNKNOWN_SECONDS": "receipts of the simulators come within seconds",
}
ONLY_COMPOSE = {
    **READ_OUTSIDE_SETTINGS,
    "ENVIRONMENT": "a local installation is development, the default",
    "BIND_HOST": "a container is reached from outside itself; a local process never is",
    "MONGO_DRIVER": "passed on from .env: the way out of motor",
    "LOG_LEVEL": "passed on from .env",
    "TRACKING_ATTEMPTS": "passed on from .env",
    "PORTAL_DOOR": "passed on from .env: the portal's door is open unless a place closes it",
    "BACKFILL_COUNTERS": "passed on from .env: only while the registers of a counter are being migrated",
    "ZALO_TEMPLATE_IDS": "passed on from .env: the vendor gives each installation its own",
    "ORG_NAME": "passed on from .env: each place has its own name",
    "PLACE_NAME": "passed on from .env: each place has its own name",
    "OFFICE_PHONES": "passed on from .env: each place has its own counters",
    "OFFICE_ADDRESSES": "passed on from .env: each place has its own counters",
    "FORM_SET": "passed on from .env: only where a place still prints the forms of 2018",
    "SMS_PREFIX": "passed on from .env: registered with the vendor",
    "SPEEDSMS_TYPE": "passed on from .env: the kind of sender the account has",
    "VNPT_ALLOW_HTTP": "passed on from .env: only where a tunnel leads to VNPT",
    "VNPT_SEND_TIME_FORMAT": "passed on from .env: VNPT says it",
    "SMPP_SYSTEM_TYPE": "passed on from .env: the operator says it",
    "SMPP_TLS": "passed on from .env: the simulated line stays on this machine",
    "SMPP_PRIVATE_LINE": "passed on from .env: production asks for it or for TLS",
    "SMPP_RECEIPT_IDS": "passed on from .env: the operator's SMSC has its own way",
    "SMPP_REFERENCES": "passed on from .env: the operator's SMSC has its own way",
    "SMPP_RATE": "passed on from .env: agreed with the operator",
    "SMPP_WINDOW": "passed on from .env: agreed with the operator",
    "ZALO_PRICE_VND": "passed on from .env: of the contract",
    "SMS_PRICES_VND": "passed on from .env: of the contract",
    "DAILY_CAP_VND": "passed on from .env: each place has its own purse",
    "COUNTER_DAILY_CAP_VND": "passed on from .env: each place has its own purse",
    "WEBHOOK_ORIGIN": "passed on from .env: each place has its own name",
    **dict.fromkeys(
        (f"HEALTH_{name.upper()}" for name in HealthSettings.model_fields),
        "passed on from .env: a place with slow engines may be more patient",
    ),
    **dict.fromkeys(
        (f"WEB_{name.upper()}" for name in WebSettings.model_fields if name != "sites"),
        "passed on from .env: how long sessions last",
    ),
    **dict.fromkeys(
        (f"OIDC_{name.upper()}" for name in OidcSettings.model_fields if name not in ("issuer", "development")),
        "passed on from .env: as the provider of the place has it",
    ),
    "NOTICE_RETENTION_DAYS": "passed on from .env: a place may have to keep contacts for another time",
    "CONTACT_LONGEST_DAYS": "passed on from .env: a place may have to keep contacts for another time",
}
PAGES = {"WEB_SITES", "OIDC_ISSUER"}
"""Workers have no pages."""
NOT_FOR: dict[str, set[str]] = {
    # One local environment serves both processes of a service; in a container each gets only what it reads.
    "intake-api": {"INTAKE_WORKER_PORT"} | KAFKA,
    "intake-worker": {"INTAKE_API_PORT", "TRUSTED_PROXIES", "PUBLIC_BASE_URL", "ONLINE_FORM", "OFFICE_NAMES"} | PAGES,
    "routing-api": {"ROUTING_WORKER_PORT"} | KAFKA,
    "routing-worker": {"ROUTING_API_PORT"} | PAGES,
    # Faces the internet (webhooks), so it can neither open contacts nor send.
    "notify-api": {
        "NOTIFY_WORKER_PORT", "NOTIFY_PRIVATE_KEY", "ZALO_BASE_URL", "ZALO_OAUTH_URL", "ZALO_APP_SECRET",
        "ZALO_REFRESH_TOKEN", "ESMS_BASE_URL", "ESMS_API_KEY", "ESMS_SECRET_KEY", "ESMS_BRANDNAME",
        "ESMS_CALLBACK_URL", "RATING_BASE_URL", "SMPP_HOST", "SMPP_PORT", "SMPP_SYSTEM_ID", "SMPP_PASSWORD",
        "SMPP_SENDER", "SPEEDSMS_BASE_URL", "SPEEDSMS_TOKEN", "SPEEDSMS_SENDER", "VNPT_BASE_URL", "VNPT_AGENT_ID",
        "VNPT_API_USER", "VNPT_API_PASS", "VNPT_USERNAME", "VNPT_LABEL_ID", "VNPT_CONTRACT_ID", "VNPT_POLL_SECONDS",
        "QUIET_HOURS", "SMS_WEIGHTS", "GATEWAY_RATES", "OFFICE_NAMES",
    } | KAFKA,
    "notify-worker": {"NOTIFY_API_PORT", "NOTIFY_PUBLIC_KEY", "ZALO_OA_SECRET_KEY", "SPEEDSMS_CALLBACK_SECRET"} | PAGES,
}  # fmt: skip


@pytest.mark.parametrize("name", PROCESSES)
def test_every_environment_name_and_secret_file_is_a_setting_of_that_process(name: str) -> None:
    assert names_of(name) <= known_names(settings_of(name))


def test_every_environment_name_of_the_command_line_is_one_of_its_settings() -> None:
    assert names_of("init") <= known_names(CliSettings)


def test_every_environment_name_of_the_simulators_is_one_of_their_settings() -> None:
    assert set(SERVICES["simulators"]["environment"]) <= {f"SIM_{f.upper()}" for f in SimulatorSettings.model_fields}


def local_environment() -> dict[str, set[str]]:
    """The names `motcua up` gives each process."""
    key = new_private_key()
    identity = Identity(key, key, "operator", "counters", "agencies", "callback", key, "callback")
    endpoints = Endpoints(
        kafka_bootstrap="127.0.0.1:1",
        mongodb_url="mongodb://127.0.0.1:2",
        kafka_idempotence=True,
        kafka_memory_only=False,
        fetch_max_wait_ms=100,
    )
    plans = plan_services(Ports(), endpoints, identity, epoch="0", prefix="motcua", clock_offset=0.0)
    consented = {"ZALO_REFRESH_TOKEN"}  # local/stack.py adds it after the simulators gave it
    return {p.name: set(p.env) | (consented if p.name.startswith("notify") else set()) for p in plans}


@pytest.mark.parametrize("name", PROCESSES)
def test_compose_and_motcua_up_name_the_same_variables_but_for_the_listed_ones(name: str) -> None:
    local = local_environment()[name]
    assert local - names_of(name) == (set(ONLY_LOCAL) & local) | NOT_FOR[name]
    assert names_of(name) - local <= set(ONLY_COMPOSE)


def test_the_list_of_differences_holds_nothing_that_is_no_difference() -> None:
    local, here = local_environment(), {name: names_of(name) for name in PROCESSES}
    assert set(ONLY_LOCAL) <= set().union(*local.values()) - set().union(*here.values())
    assert set(ONLY_COMPOSE) <= set().union(*here.values()) - set().union(*local.values())


def test_no_default_of_a_setting_is_written_a_second_time() -> None:
    fixed = {"ENVIRONMENT", "SECRETS_DIR", "MONGODB_PREFIX", "BIND_HOST", *KAFKA}  # said aloud: wrong ones lose data
    ports = {f"{service.upper()}_{role}_PORT" for service in SETTINGS for role in ("API", "WORKER")}
    for name in (*PROCESSES, "init"):
        written = {key for key, value in SERVICES[name]["environment"].items() if value is not None}
        assert written <= fixed | ports, name


def test_a_server_is_production_and_only_the_trial_is_not() -> None:
    for name in (*PROCESSES, "init"):
        assert environment(name, {})["ENVIRONMENT"] == "production"
        assert environment(name, TRIAL)["ENVIRONMENT"] == "development"
    assert SERVICES["simulators"]["profiles"] == ["simulators"]
    assert [name for name, service in SERVICES.items() if "profiles" in service] == ["simulators"]
    assert TRIAL["COMPOSE_PROFILES"] == "simulators"
    assert TRIAL["COMPOSE_PROJECT_NAME"] != COMPOSE["name"], "a trial would write into the real volumes"


def test_the_trial_calls_the_simulators_where_they_listen() -> None:
    base = f"http://127.0.0.1:{SERVICES['simulators']['environment']['SIM_PORT']}"
    assert SERVICES["simulators"]["network_mode"] == "service:notify-worker"
    assert {url for key, url in TRIAL.items() if key.endswith(("_BASE_URL", "_OAUTH_URL"))} == {
        f"{base}/zalo", f"{base}/zalo-oauth", f"{base}/esms", f"{base}/speedsms", f"{base}/vnpt",
    }  # fmt: skip
    fake = SimulatorSettings()
    for name in ("agent_id", "api_user", "username", "label_id", "contract_id"):
        assert TRIAL[f"VNPT_{name.upper()}"] == getattr(fake, f"vnpt_{name}")
    assert TRIAL["SPEEDSMS_SENDER"] == fake.speedsms_sender
    assert TRIAL["SMPP_PORT"] == SERVICES["simulators"]["environment"]["SIM_SMSC_PORT"]
    assert TRIAL["SMPP_SYSTEM_ID"] == SimulatorSettings().smsc_system_id
    assert TRIAL["ZALO_APP_ID"] == SimulatorSettings().zalo_app_id
    assert all(
        key in SERVICES["notify-worker"]["environment"]
        for key in TRIAL
        if key.startswith(("ZALO", "ESMS", "SMPP", "SPEEDSMS", "VNPT"))
    )


_LOAD = """
import importlib, json, sys
settings = getattr(importlib.import_module(sys.argv[1]), sys.argv[2])()
shown = {k: v.get_secret_value() if hasattr(v, "get_secret_value") else v for k, v in settings}
print(json.dumps(shown | {"kafka": settings.kafka.model_dump()}, default=str))
"""


def load(name: str, settings: type[Settings], mounted: Path, dotenv: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """The settings a container's process would have: its environment, its files, and nothing else."""
    mounted.mkdir()
    for source, target in secrets_of(name).items():
        (mounted / target).write_bytes((folder / source).read_bytes())
    env = environment(name, dotenv) | {"SECRETS_DIR": str(mounted), "PATH": os.environ["PATH"]}
    command = [sys.executable, "-W", "error::UserWarning", "-c", _LOAD, settings.__module__, settings.__name__]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=env, check=False)
    assert done.returncode == 0, done.stderr
    loaded: dict[str, Any] = json.loads(done.stdout)
    return loaded


@pytest.mark.parametrize("kind", ["production", "trial"])
@pytest.mark.parametrize("name", [*PROCESSES, "init"])
def test_a_process_reads_all_it_needs_from_its_environment_and_its_secret_files(
    name: str, kind: str, secret_folders: dict[str, Path], tmp_path: Path
) -> None:
    settings = CliSettings if name == "init" else settings_of(name)
    dotenv = TRIAL if kind == "trial" else {"ZALO_APP_ID": "1", "KAFKA_EPOCH": "7"}
    loaded = load(name, settings, tmp_path / "run", dotenv, secret_folders[kind])

    user = "operator" if name == "init" else name.partition("-")[0]
    assert loaded["mongodb_url"].startswith(f"mongodb://motcua_{user}:")
    assert loaded["mongodb_url"].endswith("@mongodb:27017/?replicaSet=rs0&authSource=admin")
    assert loaded["bind_host"] == ("127.0.0.1" if name == "init" else "0.0.0.0")
    if not name.endswith("-api"):
        assert loaded["kafka"]["bootstrap"] == "kafka:9092"
        assert loaded["kafka"]["idempotence"] is True
        assert loaded["kafka"]["epoch"] == dotenv.get("KAFKA_EPOCH", "0")
    if name.startswith("intake"):
        public = Opener((secret_folders[kind] / "notify_private_key").read_text()).public_key
        assert loaded["notify_public_key"] == public
        assert Opener(loaded["intake_private_key"])
    if name == "notify-worker":
        assert Opener(loaded["notify_private_key"])
        assert loaded["esms_callback_secret"] in loaded["esms_callback_url"]
        assert loaded["esms_api_key"] == ("sim-esms-api-key" if kind == "trial" else "")
    if name.startswith("notify"):
        assert read_phone_key(loaded["notify_phone_key"])
    if name in ("notify-api", "init"):
        assert loaded["notify_public_key"]
    if name == "notify-api":
        assert loaded["esms_callback_secret"]
        assert loaded["speedsms_callback_secret"]
        webhook = SERVICES["simulators"]["environment"]["SIM_SPEEDSMS_WEBHOOK_URL"]
        assert webhook.endswith(f"/v1/webhooks/speedsms/{loaded['speedsms_callback_secret']}") is (kind == "trial")
        assert loaded["zalo_oa_secret_key"] == ("sim-zalo-oa-secret-key" if kind == "trial" else "")
