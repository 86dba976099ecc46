"""How the environment chooses the engines, and what happens when one of them cannot start."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from local.engines import (
    BadEngineSetting,
    EngineKind,
    EngineSet,
    Kafka,
    PortTaken,
    Secantus,
    SecantusRs,
    Tansu,
    Unreachable,
    engine_set,
)


def test_embedded_engines_are_the_default(tmp_path: Path) -> None:
    engines = EngineSet.from_environment(tmp_path, environ={})
    assert isinstance(engines.broker, Tansu)
    assert isinstance(engines.mongo, Secantus)
    endpoints = engines.endpoints
    assert endpoints.kafka_bootstrap == engines.broker.address
    assert endpoints.mongodb_url.startswith(f"mongodb://{engines.mongo.address}/")
    assert (endpoints.kafka_idempotence, endpoints.kafka_memory_only, endpoints.fetch_max_wait_ms) == (False, True, 50)
    assert (len(engines.brokers), endpoints.kafka_replication) == (1, 1)


def test_native_engines_are_chosen_by_name(tmp_path: Path) -> None:
    engines = EngineSet.from_environment(tmp_path, environ={"ENGINES": "native", "KAFKA_JVM_OPTIONS": "-Dx=y -Dz"})
    assert isinstance(engines.broker, Kafka)
    assert engines.broker.jvm == ("-Dx=y", "-Dz")
    assert isinstance(engines.mongo, SecantusRs)
    endpoints = engines.endpoints
    assert (endpoints.kafka_idempotence, endpoints.kafka_memory_only, endpoints.fetch_max_wait_ms) == (True, False, 500)


def test_an_unknown_set_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(BadEngineSetting, match="embedded, native"):
        EngineSet.from_environment(tmp_path, environ={"ENGINES": "docker"})


def test_three_nodes_are_one_set_with_the_native_database(tmp_path: Path) -> None:
    engines = EngineSet.from_environment(tmp_path, 29_092, environ={"ENGINES": "native", "KAFKA_NODES": "3"})
    assert [node.name for node in engines.brokers] == ["kafka-1", "kafka-2", "kafka-3"]
    assert len({node.port for node in engines.brokers}) == 3
    assert engines.broker is engines.brokers[0]
    assert isinstance(engines.mongo, SecantusRs)
    assert engines.endpoints.kafka_bootstrap == ",".join(node.address for node in engines.brokers)
    assert engines.endpoints.kafka_bootstrap.startswith("127.0.0.1:29092,")
    assert engines.endpoints.kafka_replication == 3


@pytest.mark.parametrize("environ", [{"ENGINES": "native", "KAFKA_NODES": "2"}, {"KAFKA_NODES": "3"}])
def test_a_number_of_nodes_that_cannot_be_had_is_refused(tmp_path: Path, environ: dict[str, str]) -> None:
    with pytest.raises(BadEngineSetting, match="KAFKA_NODES"):
        EngineSet.from_environment(tmp_path, environ=environ)


def test_an_existing_cluster_replaces_only_its_own_engine(tmp_path: Path) -> None:
    engines = EngineSet.from_environment(tmp_path, environ={"KAFKA_BOOTSTRAP": "k1:9092,k2:9092"})
    assert engines.broker is None
    assert engines.broker_kind is EngineKind.EXTERNAL
    assert engines.mongo_kind is EngineKind.EMBEDDED
    assert engines.endpoints.kafka_bootstrap == "k1:9092,k2:9092"
    assert engines.endpoints.kafka_idempotence
    assert not engines.endpoints.kafka_memory_only

    engines = EngineSet.from_environment(tmp_path, environ={"MONGODB_URL": "mongodb://m1/?replicaSet=rs0"})
    assert engines.mongo is None
    assert engines.broker_kind is EngineKind.EMBEDDED
    assert engines.endpoints.mongodb_url == "mongodb://m1/?replicaSet=rs0"


def test_a_wanted_port_is_kept_and_zero_gives_different_free_ones(tmp_path: Path) -> None:
    engines = EngineSet.from_environment(tmp_path, kafka_port=29_092, environ={})
    assert engines.endpoints.kafka_bootstrap == "127.0.0.1:29092"
    assert engines.mongo is not None
    assert engines.mongo.port not in (0, 29_092)


@pytest.mark.asyncio
async def test_nothing_is_left_running_when_one_engine_cannot_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        engines = EngineSet.from_environment(tmp_path, mongo_port=stranger.getsockname()[1], environ={})
        with pytest.raises(PortTaken):
            await engines.start()
    assert engines.broker is not None
    assert not engines.broker.running


@pytest.mark.asyncio
async def test_an_existing_cluster_that_does_not_answer_is_named_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_set, "EXISTING_DEADLINE_S", 0.1)
    url = "mongodb://clerk:secret@127.0.0.1:1/?serverSelectionTimeoutMS=200"
    engines = EngineSet.from_environment(tmp_path, environ={"MONGODB_URL": url})
    with pytest.raises(Unreachable, match=r"MONGODB_URL") as caught:
        await engines.start()
    assert "secret" not in str(caught.value)
    assert engines.broker is not None
    assert not engines.broker.running


@pytest.mark.asyncio
async def test_engines_of_another_set_serve_as_existing_clusters(tmp_path: Path) -> None:
    async with EngineSet.from_environment(tmp_path / "first", environ={}) as first:
        environ = {"KAFKA_BOOTSTRAP": first.kafka_bootstrap, "MONGODB_URL": first.mongodb_url}
        async with EngineSet.from_environment(tmp_path / "second", environ=environ) as second:
            assert second.mongodb_url == first.mongodb_url
    assert not (tmp_path / "second").exists()
