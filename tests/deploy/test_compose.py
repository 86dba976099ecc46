"""docker-compose.yml cannot be started where this is tested: the schema, our own rules and real settings check it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from pydantic_settings import BaseSettings

import motcua.__main__ as cli
import services.kit.kafka as kafka
from contracts.topics import Topic, all_topics
from local.engines import Endpoints
from local.identity import Identity
from local.plan import Ports
from local.plan import services as plan_services
from local.simulators.settings import SimulatorSettings
from motcua.settings import CliSettings
from services.intake.settings import IntakeSettings
from services.kit.sealing import Opener, new_private_key
from services.kit.settings import KafkaSettings, Settings
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
ONLY_LOCAL = {
    "CLOCK_OFFSET_SECONDS": "demonstrations move the clock; production refuses it",
    "KAFKA_FETCH_MAX_WAIT_MS": "the embedded broker answers an empty fetch late; the default is right for Kafka",
    "KAFKA_SESSION_TIMEOUT_MS": "local restarts are frequent; a server uses the longer default",
    "ZALO_UNKNOWN_SECONDS": "receipts of the simulators come within seconds",
    "ZALO_RECEIPT_SECONDS": "receipts of the simulators come within seconds",
    "SMS_RECEIPT_SECONDS": "receipts of the simulators come within seconds",
}
ONLY_COMPOSE = {
    **READ_OUTSIDE_SETTINGS,
    "ENVIRONMENT": "a local installation is development, the default",
    "BIND_HOST": "a container is reached from outside itself; a local process never is",
    "MONGO_DRIVER": "passed on from .env: the way out of motor",
    "LOG_LEVEL": "passed on from .env",
    "TRACKING_ATTEMPTS": "passed on from .env",
    "ZALO_TEMPLATE_IDS": "passed on from .env: the vendor gives each installation its own",
    "SMS_PREFIX": "passed on from .env: registered with the vendor",
}
KAFKA = {"KAFKA_BOOTSTRAP", "KAFKA_IDEMPOTENCE", "KAFKA_EPOCH"}
NOT_FOR: dict[str, set[str]] = {
    # One local environment serves both processes of a service; in a container each gets only what it reads.
    "intake-api": {"INTAKE_WORKER_PORT"} | KAFKA,
    "intake-worker": {"INTAKE_API_PORT"},
    "routing-api": {"ROUTING_WORKER_PORT"} | KAFKA,
    "routing-worker": {"ROUTING_API_PORT"},
    # Faces the internet (webhooks), so it can neither open contacts nor send.
    "notify-api": {
        "NOTIFY_WORKER_PORT", "NOTIFY_PRIVATE_KEY", "ZALO_BASE_URL", "ZALO_OAUTH_URL", "ZALO_APP_SECRET",
        "ZALO_REFRESH_TOKEN", "ESMS_BASE_URL", "ESMS_API_KEY", "ESMS_SECRET_KEY", "ESMS_BRANDNAME",
        "ESMS_CALLBACK_URL",
    } | KAFKA,
    "notify-worker": {"NOTIFY_API_PORT", "ZALO_OA_SECRET_KEY"},
}  # fmt: skip

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
    own = {field.upper() for field in settings.model_fields if field != "kafka"}
    return own | {f"KAFKA_{field.upper()}" for field in KafkaSettings.model_fields} | set(READ_OUTSIDE_SETTINGS)


def secret_names(settings: type[BaseSettings]) -> set[str]:
    fields = settings.model_fields.items()
    return {name.upper() for name, field in fields if "SecretStr" in str(field.annotation)}


def settings_of(process: str) -> type[Settings]:
    return SETTINGS[process.partition("-")[0]]


def run_make_secrets(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "deploy/make-secrets.py"), "--folder", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


@pytest.fixture(scope="module")
def secret_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What make-secrets.py writes for a server and for a trial."""
    folders = {kind: tmp_path_factory.mktemp("secrets") / kind for kind in ("production", "trial")}
    for kind, options in {"production": ("--public-url", "https://motcua.example"), "trial": ("--trial",)}.items():
        done = run_make_secrets(folders[kind], *options)
        assert done.returncode == 0, done.stderr
    return folders


# --- shape --------------------------------------------------------------------------------------------------------


def test_the_file_is_valid_against_the_compose_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_holds_the_engines_the_preparation_the_six_processes_and_the_simulators() -> None:
    assert set(SERVICES) == {"kafka", "mongodb", *ONE_SHOT, *PROCESSES, "simulators"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_restarts_and_shows_its_health_or_runs_once_to_the_end(name: str) -> None:
    if name in ONE_SHOT:
        assert SERVICES[name]["restart"] == "no"
        assert "healthcheck" not in SERVICES[name]
    else:
        assert SERVICES[name]["restart"] == "unless-stopped"
        assert SERVICES[name]["healthcheck"]["test"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_runs_as_a_named_user_that_is_not_root_and_cannot_gain_rights(name: str) -> None:
    service = SERVICES[name]
    assert str(service["user"]).partition(":")[0] not in {"", "0", "root"}
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "pid", "ipc", "devices"} & set(service)
    assert service.get("network_mode") != "host"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_limits_for_memory_and_for_its_logs(name: str) -> None:
    assert SERVICES[name]["mem_limit"]
    assert SERVICES[name]["logging"]["driver"] == "json-file"
    assert set(SERVICES[name]["logging"]["options"]) == {"max-size", "max-file"}


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "kafka"])  # its image writes its configuration
def test_the_root_file_system_is_read_only_with_memory_for_temporary_files(name: str) -> None:
    assert SERVICES[name]["read_only"] is True
    assert any(entry.startswith("/tmp:") for entry in SERVICES[name]["tmpfs"])


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_published_on_the_loopback_address_only(name: str) -> None:
    assert all(str(port).startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned_to_a_version(name: str) -> None:
    image = interpolated(SERVICES[name]["image"], {})
    repository, _, tag = image.partition(":")
    assert re.match(r"^\d+\.\d+(\.\d+)?$", tag), f"{repository} has the tag {tag!r}"


def test_the_kafka_image_has_the_version_the_native_tests_run() -> None:
    pom = ElementTree.parse(ROOT / "local/engines/kafka-pom.xml")
    version = pom.find(".//{*}dependency[{*}artifactId='kafka_2.13']/{*}version")
    assert version is not None
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{version.text}"


def test_worker_ports_are_not_published_so_that_workers_can_be_scaled() -> None:
    scalable = [name for name in PROCESSES if name.endswith("-worker")]
    assert not [name for name in scalable if "ports" in SERVICES[name]]
    assert not [name for name, service in SERVICES.items() if "container_name" in service]


# --- start and stop -------------------------------------------------------------------------------------------------


def depends_on(name: str) -> Iterator[str]:
    for other in SERVICES[name].get("depends_on", {}):
        yield other
        yield from depends_on(other)


@pytest.mark.parametrize("name", [name for name in PROCESSES if name.endswith("-api")])
def test_an_api_starts_without_kafka(name: str) -> None:
    assert set(depends_on(name)) == {"mongodb-init", "mongodb"}


@pytest.mark.parametrize("name", [name for name in PROCESSES if name.endswith("-worker")])
def test_a_worker_starts_after_topics_and_indexes_exist(name: str) -> None:
    assert SERVICES[name]["depends_on"]["init"]["condition"] == "service_completed_successfully"


def test_topics_are_created_after_both_engines_are_well() -> None:
    assert SERVICES["init"]["command"] == ["motcua", "init"]
    assert SERVICES["init"]["depends_on"]["kafka"]["condition"] == "service_healthy"
    assert SERVICES["mongodb-init"]["depends_on"]["mongodb"]["condition"] == "service_healthy"


@pytest.mark.parametrize("name", PROCESSES)
def test_an_api_is_asked_for_readiness_and_a_worker_for_liveness_on_its_own_port(name: str) -> None:
    service, _, role = name.partition("-")
    port = SERVICES[name]["environment"][f"{service.upper()}_{role.upper()}_PORT"]
    path = {"api": "readyz", "worker": "livez"}[role]
    assert f"http://127.0.0.1:{port}/{path}" in SERVICES[name]["healthcheck"]["test"][-1]
    assert SERVICES[name]["command"] == [f"services.{service}.{role}"]
    assert int(port) == settings_of(name).model_fields[f"{service}_{role}_port"].default


@pytest.mark.parametrize("name", PROCESSES)
def test_docker_waits_longer_for_a_stop_than_the_process_may_take(name: str) -> None:
    graceful, drain = Settings.model_fields["graceful_seconds"].default, KafkaSettings.model_fields["drain_s"].default
    longest = graceful if name.endswith("-api") else drain + 2 * graceful
    assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) >= longest + 10


def test_processes_get_signals_although_they_are_not_alone_in_their_container() -> None:
    assert all(SERVICES[name]["init"] is True for name in OURS)


# --- settings ---------------------------------------------------------------------------------------------------------


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
    identity = Identity(key, key, "operator", "counters", "agencies", "callback")
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
    assert {TRIAL["ZALO_BASE_URL"], TRIAL["ZALO_OAUTH_URL"], TRIAL["ESMS_BASE_URL"]} == {
        f"{base}/zalo", f"{base}/zalo-oauth", f"{base}/esms",
    }  # fmt: skip
    assert TRIAL["ZALO_APP_ID"] == SimulatorSettings().zalo_app_id
    assert all(key in SERVICES["notify-worker"]["environment"] for key in TRIAL if key.startswith(("ZALO", "ESMS")))


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
    if name == "notify-api":
        assert loaded["esms_callback_secret"]
        assert loaded["zalo_oa_secret_key"] == ("sim-zalo-oa-secret-key" if kind == "trial" else "")


# --- secrets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_stands_in_an_environment(name: str) -> None:
    given = set(SERVICES[name].get("environment", {}))
    if name in PROCESSES:
        secret = secret_names(settings_of(name))
        assert "MONGODB_URL" in secret, "secrets are told by their type"
        assert not given & secret
    assert not [key for key in given if re.search(r"PASSWORD$|_SECRET|_KEY$|TOKEN|MONGODB_URL", key)]


def test_no_password_stands_anywhere_in_the_file() -> None:
    assert not re.search(r"mongodb(\+srv)?://\S+@", FILE.read_text(encoding="utf-8"))


def test_secrets_are_files_of_one_folder_and_each_is_used() -> None:
    for name, secret in COMPOSE["secrets"].items():
        assert interpolated(secret["file"], {}) == f"./deploy/secrets/{name}"
        assert interpolated(secret["file"], TRIAL) == f"./deploy/secrets-trial/{name}"
    assert set(COMPOSE["secrets"]) == {source for name in SERVICES for source in secrets_of(name)}


def test_the_folders_of_secrets_are_never_committed() -> None:
    ignored = (ROOT / "deploy/.gitignore").read_text(encoding="utf-8").split("\n")
    assert {"secrets/", "secrets-trial/"} <= set(ignored)


def test_the_script_makes_exactly_the_files_that_are_mounted(secret_folders: dict[str, Path]) -> None:
    for folder in secret_folders.values():
        assert {path.name for path in folder.iterdir()} == set(COMPOSE["secrets"])


def test_secrets_are_closed_on_the_host_and_readable_in_the_containers(secret_folders: dict[str, Path]) -> None:
    folder = secret_folders["production"]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o644}


def test_running_the_script_again_changes_no_secret_and_fills_in_what_is_missing(tmp_path: Path) -> None:
    assert run_make_secrets(tmp_path / "s").returncode == 0
    before = {path.name: path.read_text() for path in (tmp_path / "s").iterdir()}
    assert not before["esms_callback_url"]

    done = run_make_secrets(tmp_path / "s", "--public-url", "https://motcua.example/")

    after = {path.name: path.read_text() for path in (tmp_path / "s").iterdir()}
    url = f"https://motcua.example/v1/webhooks/esms/{before['esms_callback_secret']}"
    assert after == before | {"esms_callback_url": url}
    assert "made esms_callback_url" in done.stdout


def test_the_script_refuses_a_public_key_that_does_not_belong_to_the_private_one(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    folder.mkdir()
    (folder / "notify_public_key").write_text(Opener(new_private_key()).public_key)
    done = run_make_secrets(folder)
    assert done.returncode == 1
    assert "does not belong" in done.stderr


def test_each_service_logs_in_to_mongodb_as_itself(secret_folders: dict[str, Path]) -> None:
    sources = {name: next(s for s in secrets_of(name) if s.startswith("mongodb_url_")) for name in PROCESSES}
    assert sources == {name: f"mongodb_url_{name.partition('-')[0]}" for name in PROCESSES}
    urls = {(secret_folders["production"] / source).read_text() for source in sources.values()}
    assert len(urls) == len(SETTINGS)
    prefixes = {SERVICES[name]["environment"]["MONGODB_PREFIX"] for name in (*PROCESSES, *ONE_SHOT)}
    assert len(prefixes) == 1, "rights are given on databases with this prefix"


# --- topics -----------------------------------------------------------------------------------------------------------


def test_kafka_creates_no_topic_by_itself() -> None:
    assert SERVICES["kafka"]["environment"]["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


async def test_init_creates_every_topic_with_the_replication_of_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, tuple[Topic, ...], int]] = []

    async def prepare(mongo: object, service: str) -> None:
        return

    async def create(bootstrap: str, topics: tuple[Topic, ...], replication: int = 1) -> list[str]:
        asked.append((bootstrap, topics, replication))
        return []

    monkeypatch.setattr(cli, "prepare_databases", prepare)
    monkeypatch.setattr(cli, "create_topics", create)
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "kafka:9092")
    monkeypatch.setenv("KAFKA_REPLICATION", "3")

    await cli.init()

    assert asked == [("kafka:9092", all_topics(), 3)]


async def test_every_topic_is_created_with_its_own_partitions_and_the_given_replication(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    created: dict[str, tuple[int, int]] = {}

    class Admin:
        def __init__(self, **_: object) -> None: ...

        async def start(self) -> None: ...

        async def close(self) -> None: ...

        async def list_topics(self) -> list[str]:
            return []

        async def create_topics(self, topics: list[Any]) -> None:
            created.update({t.name: (t.num_partitions, t.replication_factor) for t in topics})

    monkeypatch.setattr(kafka, "AIOKafkaAdminClient", Admin)
    await kafka.create_topics("kafka:9092", all_topics(), 3)
    assert created == {topic.name: (topic.partitions, 3) for topic in all_topics()}
