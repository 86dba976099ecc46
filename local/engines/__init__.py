"""Start the engines the system runs on: a Kafka-protocol broker and a MongoDB-protocol server.

    engines = EngineSet.from_environment(Path(".motcua"))
    endpoints = await engines.start()

Services know none of this: they are given addresses and a few client settings.
"""

from local.engines.base import EngineProcess
from local.engines.cluster import KafkaCluster
from local.engines.engine_set import Endpoints, EngineKind, EngineSet
from local.engines.errors import (
    AlreadyRunning,
    BadEngineSetting,
    BinaryMissing,
    EngineDied,
    EngineError,
    NotReady,
    PortTaken,
    Unreachable,
)
from local.engines.kafka import Kafka
from local.engines.secantus import Secantus
from local.engines.secantus_rs import SecantusRs
from local.engines.tansu import Tansu

__all__ = [
    "EngineSet",
    "EngineKind",
    "Endpoints",
    "EngineProcess",
    "Tansu",
    "Kafka",
    "KafkaCluster",
    "Secantus",
    "SecantusRs",
    "EngineError",
    "BinaryMissing",
    "PortTaken",
    "AlreadyRunning",
    "EngineDied",
    "NotReady",
    "Unreachable",
    "BadEngineSetting",
]
