"""What is asked of the cluster itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from contracts.topics import Topic
from services.kit.kafka.record import KafkaUnreachable, Partition

COORDINATOR_WITHIN_S, COORDINATOR_AGAIN_S = 20.0, 0.5


async def cluster_answers(bootstrap: str, seconds: float = 2.0) -> bool:
    """Whether a broker answers Metadata and the cluster has a member."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=int(seconds * 1000))
    try:
        await asyncio.wait_for(admin.start(), seconds)
        cluster = await asyncio.wait_for(admin.describe_cluster(), seconds)
        return bool(cluster["brokers"])
    except (TimeoutError, KafkaError, OSError):
        return False
    finally:
        await admin.close()


async def coordinator_answers(bootstrap: str, group: str, place: Partition, seconds: float = 2.0) -> bool:
    """Whether the coordinator of a group is there and answers for it: no member can come back before."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=int(seconds * 1000))
    try:
        await asyncio.wait_for(admin.start(), seconds)
        asked = admin.list_consumer_group_offsets(group, partitions=[TopicPartition(*place)])
        return bool(await asyncio.wait_for(asked, seconds))
    except (TimeoutError, KafkaError, OSError):
        return False
    finally:
        await admin.close()


async def create_topics(bootstrap: str, topics: Sequence[Topic], replication: int = 1) -> list[str]:
    """Create what is missing, with our own partitions and retention.

    Returns: the names created now. Raises: KafkaUnreachable.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, client_id="motcua-topics")
    try:
        await admin.start()
    except (KafkaError, OSError) as error:
        await admin.close()
        raise KafkaUnreachable(f"không kết nối được Kafka tại {bootstrap}") from error
    try:
        existing = set(await admin.list_topics())
        created = []
        for topic in topics:
            if topic.name in existing:
                continue
            new = NewTopic(topic.name, topic.partitions, replication, topic_configs=topic.config())
            answer = await admin.create_topics([new])
            # The client raises nothing for what the broker refuses: the codes stand in the answer.
            errors = [for_code(error[1]) for error in answer.topic_errors if error[1]]
            if any(error is not TopicAlreadyExistsError for error in errors):
                raise KafkaUnreachable(f"Kafka không tạo được topic {topic.name}: {errors[0].__name__}")
            if not errors:
                created.append(topic.name)
        return created
    finally:
        await admin.close()


async def committed_offsets(
    bootstrap: str, groups: Mapping[str, Sequence[Partition]]
) -> dict[str, dict[Partition, int]]:
    """What Kafka believes each group has read: a hint, the fences in MongoDB are the truth. -1: nothing.

    Raises: KafkaUnreachable.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, client_id="motcua-offsets", request_timeout_ms=10_000)
    try:
        await admin.start()
        found = {}
        for group, places in groups.items():
            # The partitions by name: asked for "all", the embedded broker answers what no client can read.
            found[group] = await _committed(admin, group, [TopicPartition(*place) for place in places])
        return found
    except (KafkaError, OSError) as error:
        raise KafkaUnreachable(f"không đọc được vị trí đã đọc từ Kafka tại {bootstrap}") from error
    finally:
        await admin.close()


async def _committed(admin: AIOKafkaAdminClient, group: str, places: list[TopicPartition]) -> dict[Partition, int]:
    """Raises: KafkaError."""
    until = asyncio.get_running_loop().time() + COORDINATOR_WITHIN_S
    while True:
        try:
            offsets = await admin.list_consumer_group_offsets(group, partitions=places)
            return {(place.topic, place.partition): known.offset for place, known in offsets.items()}
        except KafkaError as error:
            # A coordinator comes into being when a cluster is first asked for one, and moves when a node is lost.
            if not error.retriable or asyncio.get_running_loop().time() >= until:
                raise
        await asyncio.sleep(COORDINATOR_AGAIN_S)
