"""docker-compose.yml cannot be started where this is tested: its shape, the order of its start, its topics."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

import motcua.__main__ as cli
import services.kit.kafka.admin as kafka
from contracts.topics import Topic, all_topics
from services.kit.settings import KafkaSettings, Settings
from tests.deploy.compose_file import (
    FILE,
    ONE_SHOT,
    OURS,
    PROCESSES,
    ROOT,
    SERVICES,
    interpolated,
    settings_of,
)


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

        async def create_topics(self, topics: list[Any]) -> SimpleNamespace:
            created.update({t.name: (t.num_partitions, t.replication_factor) for t in topics})
            return SimpleNamespace(topic_errors=[(t.name, 0, None) for t in topics])

    monkeypatch.setattr(kafka, "AIOKafkaAdminClient", Admin)
    await kafka.create_topics("kafka:9092", all_topics(), 3)
    assert created == {topic.name: (topic.partitions, 3) for topic in all_topics()}
