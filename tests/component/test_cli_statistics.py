"""`motcua statistics`: what an operator sees when a figure is wrong, and after it was mended."""

from __future__ import annotations

from services.kit.operations.operation import OPERATIONS
from services.routing.tallies import TALLIES
from tests.component.cli_fixtures import motcua
from tests.component.cli_fixtures import place as place
from tests.component.service_fixtures import Service, dossier, published, submitted


async def test_a_wrong_figure_is_shown_mended_and_gone(routing: Service, place: dict[str, str]) -> None:
    await routing.take(published(), topic="catalogue.procedures.v1")
    await routing.take(submitted(dossier(1)), submitted(dossier(2)))
    clean = await motcua("statistics", "recount", **place)
    assert (clean.code, "2 hồ sơ: 0 số liệu lệch" in clean.out) == (0, True), clean.said
    await routing.mongo.collection(TALLIES).update_many({}, {"$inc": {"total.received_counter": 1}})
    wrong = await motcua("statistics", "recount", **place)
    assert wrong.code == 1
    assert "H12.970" in wrong.out
    assert "total.received_counter" in wrong.out
    assert await routing.documents(OPERATIONS) == []
    mended = await motcua("statistics", "rebuild", "--by", "van.hanh", "--reason", "số liệu lệch sau sự cố", **place)
    assert (mended.code, "Đã sửa 2 số liệu" in mended.out) == (0, True), mended.said
    assert (await motcua("statistics", "recount", **place)).code == 0
    [noted] = await routing.documents(OPERATIONS)
    assert (noted["by"], noted["reason"], noted["subject"]) == (
        "van.hanh",
        "số liệu lệch sau sự cố",
        "model:statistics",
    )
    assert noted["result"] == {"outcome": "finished", "looked_at": 2, "changed": 2}


async def test_the_checker_finds_a_wrong_figure(routing: Service, place: dict[str, str]) -> None:
    await routing.take(published(), topic="catalogue.procedures.v1")
    await routing.take(submitted(dossier(1)))
    await routing.mongo.collection(TALLIES).delete_many({"period": "all"})
    found = await motcua("check", "--skip-log", "--json", **place)
    assert found.code == 1
    assert '"tally-differs"' in found.out
