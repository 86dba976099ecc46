"""`motcua lag`, `outbox`, `pause`, `resume`, and the same over HTTP, on real engines."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from contracts.topics import CONSUMERS, DOSSIER_EVENTS, all_topics
from services.kit import schema
from services.kit.batch import FENCES, fence_id
from services.kit.consumer_view import group_view, partitions_of
from services.kit.kafka import committed_offsets, create_topics, log_ends
from services.kit.mongo import Mongo
from services.kit.outbox import OUTBOX
from services.kit.pauses import pause_of
from services.kit.settings import KafkaSettings
from services.kit.watch import WORKERS, wall
from tests.component.cli_fixtures import motcua, place
from tests.component.ledger import now
from tests.component.service_fixtures import Intake
from tests.component.watch_fixtures import produce
from tests.drivers import DRIVER

__all__ = ["place"]
WHY = ("--by", "operator-7", "--reason", "kiểm tra bản phát hành")


@pytest.fixture
async def notify(mongodb_url: str, prefix: str) -> AsyncIterator[Mongo]:
    mongo = Mongo(mongodb_url, f"{prefix}_notify", driver=DRIVER)
    await schema.ensure(mongo, [])
    yield mongo
    await mongo.close()


async def test_the_coordinator_of_a_group_on_its_way_is_waited_for(
    kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes into being when a cluster is first asked for it, and moves when a node is lost."""
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)
    asked, refused = AIOKafkaAdminClient.find_coordinator, 3

    async def on_its_way(self: AIOKafkaAdminClient, group: str, **more: Any) -> int:
        nonlocal refused
        refused -= 1
        if refused >= 0:
            raise GroupCoordinatorNotAvailableError
        coordinator: int = await asked(self, group, **more)
        return coordinator

    monkeypatch.setattr(AIOKafkaAdminClient, "find_coordinator", on_its_way)
    places = partitions_of("notify")
    assert await committed_offsets(kafka.bootstrap, {"test": places}) == {"test": dict.fromkeys(places, -1)}


async def test_lag_is_the_end_of_the_log_without_what_the_fences_say_is_applied(
    place: dict[str, str], kafka: KafkaSettings, notify: Mongo
) -> None:
    env = place | {"KAFKA_BOOTSTRAP": kafka.bootstrap}
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)
    for step in (1, 2, 3):
        await produce(kafka, step)
    ends = await log_ends(kafka.bootstrap, [DOSSIER_EVENTS.name], {})
    busy, other = [found for found in ends if ends[found].end > 1][:2]
    fences = [
        {"_id": fence_id("notify", busy, "0"), "next": ends[busy].end, "at": now(), "bad_run": 0},
        {"_id": fence_id("notify", other, "0"), "next": 1, "at": now(), "bad_run": 0},
    ]
    await notify.collection(FENCES).insert_many(fences)

    told = await motcua("lag", "--service", "notify", "--json", **env)
    assert told.code == 0
    [found] = json.loads(told.out)
    rows = {(row["topic"], row["partition"]): row for row in found["partitions"]}
    assert set(rows) == set(partitions_of("notify"))
    assert rows[busy]["lag"] == 0
    assert rows[busy]["oldest_s"] is None
    assert rows[other]["lag"] == ends[other].end - 1
    assert rows[other]["oldest_s"] is not None
    assert found["lag"] == sum(place.end for place in ends.values()) - ends[busy].end - 1

    table = await motcua("lag", "--fail-over", "3", **env)
    assert table.code == 1
    assert "còn" in table.out.lower()
    assert "phân vùng không ai đọc" in table.out
    assert (await motcua("lag", "--service", "notify", "--fail-over", "1000000", **env)).code == 0


async def test_without_a_broker_lag_says_so(place: dict[str, str]) -> None:
    ended = await motcua("lag", **place)
    assert ended.code == 3
    assert "kafka-unreachable" in ended.err


async def test_the_outbox_by_topic_with_its_oldest_event_and_thresholds(place: dict[str, str], notify: Mongo) -> None:
    empty = await motcua("outbox", "--json", **place)
    assert [one["events"] for one in json.loads(empty.out)] == [0, 0, 0]
    events = [{"topic": "notice.events.v1"}, {"topic": "notice.events.v1"}, {"topic": "x"}]
    await notify.collection(OUTBOX).insert_one({"_id": "1", "pending": True, "created_at": now(), "events": events})
    await notify.collection(OUTBOX).insert_one({"_id": "2", "created_at": now(), "events": events})
    told = await motcua("outbox", "--service", "notify", "--json", **place)
    [found] = json.loads(told.out)
    assert (found["events"], found["documents"], found["more"]) == (3, 1, False)
    assert found["topics"]["notice.events.v1"]["events"] == 2
    assert (await motcua("outbox", "--fail-over", "2", **place)).code == 1
    assert (await motcua("outbox", "--fail-over", "3", **place)).code == 0
    assert (await motcua("outbox", "--fail-older-s", "3600", **place)).code == 0
    assert (await motcua("outbox", "--fail-older-s", "0", **place)).code == 1


async def test_pause_and_resume_at_a_terminal(place: dict[str, str], notify: Mongo) -> None:
    assert (await motcua("pause", "notify", *WHY, **place)).code == 0
    held = await pause_of(notify, "notify")
    assert held is not None
    assert (held["by"], held["reason"]) == ("operator-7", "kiểm tra bản phát hành")
    assert "từ trước" in (await motcua("pause", "notify", *WHY, **place)).out
    assert (await motcua("resume", "notify", *WHY, **place)).code == 0
    assert await pause_of(notify, "notify") is None
    unknown = await motcua("pause", "nobody", *WHY, **place)
    assert (unknown.code, "consumer-unknown" in unknown.err) == (2, True)
    assert "reason-missing" in (await motcua("pause", "notify", "--by", "operator-7", "--reason", "x", **place)).err


async def test_over_http_only_operators_hold_and_both_look(intake: Intake) -> None:
    body = {"reason": "kiểm tra bản phát hành"}
    path = "/v1/operations/consumers"
    assert (await intake.http.get(path)).status_code == 401
    assert (await intake.http.get(path, headers=intake.desk)).status_code == 403
    service = await intake.key("service")
    assert (await intake.http.post(f"{path}/intake/pause", json=body, headers=service)).status_code == 403
    operator = await intake.key("operator")
    held = await intake.http.post(f"{path}/intake/pause", json=body, headers=operator)
    assert (held.status_code, held.json()["changed"]) == (200, True)
    shown = (await intake.http.get(path, headers=service)).json()["consumers"][0]
    assert shown["paused"]["reason"] == body["reason"]
    assert (await intake.http.post(f"{path}/routing/pause", json=body, headers=operator)).status_code == 404
    freed = await intake.http.post(f"{path}/intake/resume", json=body, headers=operator)
    assert freed.json()["consumer"]["paused"] is None
    told = (await intake.http.get("/v1/operations", headers=operator)).json()["operations"]
    assert [one["command"] for one in told] == ["consumer.resume", "consumer.pause"]


async def test_over_http_the_outbox_and_what_a_worker_told(intake: Intake) -> None:
    await intake.register()
    operator = await intake.key("operator")
    waiting = (await intake.http.get("/v1/operations/outbox", headers=operator)).json()
    assert waiting["events"] == len(await intake.mongo.collection(OUTBOX).find({}).to_list(None)) == 1
    assert waiting["topics"][DOSSIER_EVENTS.name]["events"] == 1
    assert waiting["oldest_s"] >= 0

    worker = {
        "_id": "w1", "process": "intake-worker", "host": "h", "version": "1", "group": "intake", "epoch": "7",
        "leads": True, "paused": False, "batch_s": None, "progress_s": 1.0, "idle_s": 0.0, "rebalances": 1,
        "offset_commits_failing_s": 0.0, "started_at": wall(), "at": wall(),
        "assigned": [{"topic": DOSSIER_EVENTS.name, "partition": 3, "next": 40, "end": 45, "lag": 5}],
    }  # fmt: skip
    fences = [("7", 41), ("6", 900)]
    await intake.mongo.collection(WORKERS).insert_many(
        [worker, worker | {"_id": "dead", "at": wall().replace(year=2020)}]
    )
    await intake.mongo.collection(FENCES).insert_many(
        [
            {"_id": fence_id("intake", (DOSSIER_EVENTS.name, 3), epoch), "next": next, "at": now(), "bad_run": 0}
            for epoch, next in fences
        ]
    )
    found = (await intake.http.get("/v1/operations/consumers", headers=operator)).json()["consumers"][0]
    assert [one["id"] for one in found["workers"]] == ["w1"]
    assert found["lag"] == 5
    row = next(one for one in found["partitions"] if (one["topic"], one["partition"]) == (DOSSIER_EVENTS.name, 3))
    assert (row["next"], row["lag"], row["worker"]) == (41, 5, "w1")
    assert found["unassigned"] == sum(topic.partitions for topic in CONSUMERS["intake"]) - 1


async def test_without_workers_the_newest_fences_count(notify: Mongo) -> None:
    place = (DOSSIER_EVENTS.name, 0)
    await notify.collection(FENCES).insert_many(
        [
            {"_id": fence_id("notify", place, "old"), "next": 900, "at": now().replace(year=2020), "bad_run": 0},
            {"_id": fence_id("notify", place, "new"), "next": 4, "at": now(), "bad_run": 0},
        ]
    )
    assert (await group_view(notify, "notify")).read_to == {place: 4}
