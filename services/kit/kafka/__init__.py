"""The only package that imports faststream and aiokafka.

FastStream's defaults lose messages; each setting that differs says what it prevents. The rest of the house sees what
stands here.
"""

from __future__ import annotations

from services.kit.kafka.admin import cluster_answers, committed_offsets, coordinator_answers, create_topics
from services.kit.kafka.producer import Producer
from services.kit.kafka.reading import LogEnds, follow, log_ends, read_log
from services.kit.kafka.record import KafkaUnreachable, LogLost, Partition, Record
from services.kit.kafka.subscription import Subscription

__all__ = [
    "KafkaUnreachable",
    "LogEnds",
    "LogLost",
    "Partition",
    "Producer",
    "Record",
    "Subscription",
    "cluster_answers",
    "committed_offsets",
    "coordinator_answers",
    "create_topics",
    "follow",
    "log_ends",
    "read_log",
]
