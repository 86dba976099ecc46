"""Finding a procedure: with or without diacritics, half typed, by field, level and code; the best first."""

from __future__ import annotations

import pytest

from services.intake.queries.procedures import PublishedCatalogue, Search
from tests.component.catalogue_fixtures import CatalogueApi, csv_of
from tests.component.catalogue_fixtures import catalogue as catalogue

ROWS = {
    "1.001193": "Thủ tục đăng ký khai sinh,Hộ tịch,xã,1,trong ngày,,,",
    "1.000689": "Thủ tục đăng ký khai sinh lưu động,Hộ tịch,xã,1,trong ngày,,,",
    "2.000635": "Cấp bản sao trích lục hộ tịch,Hộ Tịch,bộ; tỉnh;huyện;xã,1,trong ngày,,,",
    "1.004946": "Khai báo vệ sinh an toàn,An toàn thực phẩm,huyện,3,ngày,,,",
    "1.004941": "Công bố sinh hoạt và kê khai tài sản,Tư pháp,tỉnh,3,ngày,,,",
    "1.014466.H12": "Cấp phép thuỷ lợi nhỏ,Thủy lợi,huyện,5,ngày,,,",
}


@pytest.fixture
async def full(catalogue: CatalogueApi) -> CatalogueApi:
    await catalogue.load(csv_of(ROWS))
    return catalogue


@pytest.mark.parametrize("words", ["khai sinh", "Khai Sinh", "KHAI SINH.", "khai s", "ký khai sin"])
async def test_words_are_found_with_and_without_diacritics_whole_or_begun(full: CatalogueApi, words: str) -> None:
    assert (await full.found(q=words))[:2] == ["1.001193", "1.000689"]


async def test_the_words_side_by_side_come_before_the_words_apart_and_the_shorter_name_first(
    full: CatalogueApi,
) -> None:
    assert await full.found(q="khai sinh") == ["1.001193", "1.000689", "1.004946", "1.004941"]
    assert await full.found(q="ho tich") == ["2.000635", "1.001193", "1.000689"]
    assert await full.found(q="ho tich", limit="1") == ["2.000635"]


async def test_a_code_is_found_whole_or_begun_and_the_exact_one_first(full: CatalogueApi) -> None:
    assert await full.found(q="1.001193") == ["1.001193"]
    assert await full.found(q="1.00494") == ["1.004946", "1.004941"]
    assert await full.found(q="1.014466") == await full.found(q="1.014466.h12") == ["1.014466.H12"]
    assert await full.found(q="khai 1.0049") == ["1.004946", "1.004941"]
    assert await full.found(q="2.9") == []


async def test_field_and_level_narrow_the_search_or_list_alone(full: CatalogueApi) -> None:
    births = ["1.001193", "2.000635", "1.000689"]
    assert await full.found(field="Hộ tịch") == await full.found(field="ho tich") == births
    assert await full.found(q="khai", field="Hộ tịch") == ["1.001193", "1.000689"]
    assert await full.found(level="Huyện") == ["1.014466.H12", "1.004946", "2.000635"]
    assert await full.found(level="xa", q="trich") == ["2.000635"]
    assert await full.found(level="xã", field="Tư pháp") == []
    assert len(await full.found()) == len(ROWS)


@pytest.mark.parametrize("nothing", ["...", "!?", "dk", "khai sinh không có", "$ne", "\u200b?"])
async def test_words_that_nothing_has_find_nothing(full: CatalogueApi, nothing: str) -> None:
    assert await full.found(q=nothing) == []


@pytest.mark.parametrize("query", [{"q": "x" * 201}, {"limit": "0"}, {"limit": "101"}, {"level": "x" * 21}])
async def test_a_query_out_of_bounds_is_refused(full: CatalogueApi, query: dict[str, str]) -> None:
    reply = await full.http.get("/v1/procedures", params=query)
    assert (reply.status_code, reply.json()["slug"]) == (422, "request-invalid")


async def test_fields_are_listed_with_how_many_procedures_they_have(full: CatalogueApi) -> None:
    """`Hộ tịch` and `Hộ Tịch` are one field, under its usual spelling."""
    fields = (await full.http.get("/v1/procedures/fields")).json()["fields"]
    assert fields == [
        {"field": "An toàn thực phẩm", "procedures": 1},
        {"field": "Hộ tịch", "procedures": 3},
        {"field": "Thủy lợi", "procedures": 1},
        {"field": "Tư pháp", "procedures": 1},
    ]


async def test_each_process_finds_what_another_one_has_just_published(full: CatalogueApi) -> None:
    other = PublishedCatalogue(full.mongo)
    assert len(await other.search(Search("khai sinh"))) == 4
    await full.load(csv_of({"1.001193": "Thủ tục ghi sổ việc sinh,Hộ tịch,xã,1,trong ngày,,,"}))
    assert [procedure.code for procedure in await other.search(Search("ghi so"))] == ["1.001193"]
    assert len(await other.search(Search("khai sinh"))) == 3
    assert await full.found(q="ghi sổ") == ["1.001193"]
