"""Which agency a published name means for a counter, and in which turn."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.problems import Invalid, NotYet
from contracts.types import Mechanism, Timeliness
from services.routing.commands.import_agencies import read_agencies
from services.routing.domain.directory import Agency, Directory, unit_of
from services.routing.domain.workflow import Arrival, Turn, derive, positions, turns
from tests.unit.routing.case_fixtures import AT, RECKONING

OFFICE = "Phòng Kinh tế"
DIRECTORY = Directory(
    (
        Agency("H12", "Ủy ban nhân dân tỉnh", "tỉnh", None, ""),
        Agency("H12.201", "Sở Tư pháp", "tỉnh", "H12", ""),
        Agency("H12.970", "Ủy ban nhân dân huyện Một", "huyện", "H12", "people_committee"),
        Agency("H12.970.02", OFFICE, "huyện", "H12.970", "division"),
        Agency("H12.970.05", "Ủy ban nhân dân xã Năm", "xã", "H12.970", ""),
        Agency("H12.971", "Ủy ban nhân dân huyện Hai", "huyện", "H12", "people_committee"),
        Agency("H12.971.02", OFFICE, "huyện", "H12.971", "division"),
        Agency("H12.971.06", "Ủy ban nhân dân xã Sáu", "xã", "H12.971", "people_committee"),
        Agency("H12.990", "Ủy ban nhân dân phường Ba", "xã", "H12", ""),
    )
)


@pytest.mark.parametrize(
    ("name", "unit", "code"),
    [
        ("Ủy ban nhân dân cấp xã", "H12.970.05", "H12.970.05"),
        ("Ủy ban nhân dân cấp huyện", "H12.970.05", "H12.970"),
        ("Ủy ban nhân dân cấp tỉnh", "H12.970.05", "H12"),
        ("Ủy ban nhân dân cấp xã", "H12.970", "H12.970"),
        ("Ủy ban nhân dân cấp huyện", "H12.990", "H12.990"),
        ("Ủy ban nhân dân cấp xã", "H77.1", None),
        (OFFICE, "H12.970", "H12.970.02"),
        (OFFICE, "H12.971", "H12.971.02"),
        (OFFICE, "H12.970.05", "H12.970.02"),
        ("  PHÒNG   kinh tế ", "H12.971", "H12.971.02"),
        ("Sở Tư pháp", "H12.970", "H12.201"),
        ("Bộ Ngoại giao", "H12.970", None),
    ],
)
def test_a_published_name_means_the_agency_nearest_to_the_counter(name: str, unit: str, code: str | None) -> None:
    assert DIRECTORY.find(name, unit) == code
    assert DIRECTORY.find(unicodedata.normalize("NFD", name), unit) == code


@pytest.mark.parametrize(
    "name", ["Uỷ ban nhân dân cấp xã", "ỦY BAN NHÂN DÂN CẤP XÃ", "UỶ BAN NHÂN DÂN CẤP XÃ", "Ủy ban  nhân dân cấp xã"]
)
def test_both_places_of_the_tone_mark_mean_the_same_committee(name: str) -> None:
    assert DIRECTORY.find(name, "H12.970.05") == "H12.970.05"


@given(st.permutations(DIRECTORY.agencies), st.sampled_from(["H12.970", "H12.971", "H12.970.05", "H12.990"]))
def test_the_order_of_the_directory_does_not_matter(agencies: list[Agency], unit: str) -> None:
    for agency in DIRECTORY.agencies:
        assert Directory(tuple(agencies)).find(agency.name, unit) == DIRECTORY.find(agency.name, unit)


def test_who_is_named_nowhere_falls_to_the_district_and_without_one_to_the_unit_itself() -> None:
    assert DIRECTORY.authority("H12.970.05") == "H12.970"
    assert DIRECTORY.authority("H12.990") == "H12.990"
    assert DIRECTORY.authority("H77.1") is None


def test_the_unit_of_a_counter_is_its_code_without_the_last_group() -> None:
    assert [unit_of(code) for code in ("H12.970.00", "H12.970.152.00", "H12")] == ["H12.970", "H12.970.152", "H12"]


@pytest.mark.parametrize(
    ("agencies", "expected"),
    [
        ((OFFICE,), [("H12.970.02", 1.0)]),
        ((OFFICE, OFFICE), [("H12.970.02", 2.0)]),
        (("Nobody", "Ủy ban nhân dân cấp huyện", OFFICE), [("H12.970", 2.0), ("H12.970.02", 1.0)]),
        ((OFFICE, "Sở Tư pháp", OFFICE), [("H12.970.02", 1.0), ("H12.201", 1.0), ("H12.970.02", 1.0)]),
    ],
)
def test_neighbouring_turns_of_one_agency_are_one_turn_with_both_shares(
    agencies: tuple[str, ...], expected: list[tuple[str, float]]
) -> None:
    workflow = derive("1.014466", 1, Mechanism.INTERLINKED, agencies)
    found = turns(workflow, DIRECTORY, Arrival("H12.970.00"))
    assert [(turn.agency, turn.share) for turn in found] == expected
    assert [turn.after for turn in found] == [(number,) if number else () for number in range(len(found))]


@given(st.lists(st.sampled_from([a.name for a in DIRECTORY.agencies] + ["Nobody"]), min_size=1, max_size=20))
def test_merging_keeps_the_whole_share_and_leaves_no_two_neighbours_alike(names: list[str]) -> None:
    found = turns(derive("1.014466", 1, Mechanism.ONE_STOP, tuple(names)), DIRECTORY, Arrival("H12.970.05.00"))
    assert sum(turn.share for turn in found) == len(names)
    assert all(a.agency != b.agency for a, b in pairwise(found))


def test_a_counter_whose_unit_is_not_in_the_directory_waits_for_the_directory() -> None:
    with pytest.raises(NotYet) as caught:
        turns(derive("1.014466", 1, Mechanism.ONE_STOP, ("Nobody",)), DIRECTORY, Arrival("H77.1.00"))
    assert caught.value.slug == "agency-unknown"


@pytest.mark.parametrize(
    ("competent", "agencies", "expected"),
    [
        ("H12.971.02", (OFFICE,), ["H12.971.02"]),
        ("H12.971.02", (OFFICE, "Ủy ban nhân dân cấp huyện"), ["H12.971.02", "H12.971"]),
        ("H12.971.06", ("Ủy ban nhân dân cấp xã", OFFICE, "Sở Tư pháp"), ["H12.971.06", "H12.971.02", "H12.201"]),
        ("H12.971", ("Nobody", "Nobody", OFFICE), ["H12.971", "H12.971.02"]),
    ],
)
def test_a_competent_agency_elsewhere_begins_and_the_rest_is_found_from_its_unit(
    competent: str, agencies: tuple[str, ...], expected: list[str]
) -> None:
    """Phi địa giới: routed by competence, not by the desk."""
    workflow = derive("1.014466", 1, Mechanism.INTERLINKED, agencies)
    arrival = Arrival("H12.970.05.00", competent=competent)
    assert [turn.agency for turn in turns(workflow, DIRECTORY, arrival)] == expected


def test_a_competent_agency_that_is_not_in_the_directory_waits_for_the_directory() -> None:
    with pytest.raises(NotYet) as caught:
        turns(derive("1.014466", 1, Mechanism.ONE_STOP, (OFFICE,)), DIRECTORY, Arrival("H12.970.00", competent="H77.2"))
    assert caught.value.slug == "agency-unknown"


def test_a_closed_dossier_of_a_unit_that_is_gone_names_the_unit() -> None:
    """Old registers: nothing is handed over, so nobody need be there to take it."""
    workflow = derive("1.014466", 1, Mechanism.ONE_STOP, ("Nobody",))
    gone, elsewhere = Arrival("H77.1.00", closed=True), Arrival("H77.1.00", competent="H77.2", closed=True)
    assert turns(workflow, DIRECTORY, gone) == (Turn("H77.1", 1.0),)
    assert turns(workflow, DIRECTORY, elsewhere) == (Turn("H77.2", 1.0),)
    known = Arrival("H12.970.00")
    assert turns(workflow, DIRECTORY, replace(known, closed=True)) == turns(workflow, DIRECTORY, known)


@given(
    st.integers(0, 400 * 24 * 60),
    st.integers(0, 60 * 24 * 60),
    st.lists(st.sampled_from([0.0, 0.1, 0.5, 1.0, 4.0]), min_size=1, max_size=12),
    st.data(),
)
def test_no_step_is_due_before_those_it_follows_and_the_longest_way_has_the_whole_limit(
    begin: int, length: int, shares: list[float], data: st.DataObject
) -> None:
    graph = [
        Turn("H12", share, tuple(sorted(data.draw(st.sets(st.integers(1, number)))) if number else ()))
        for number, share in enumerate(shares)
    ]
    start = AT + timedelta(minutes=begin)
    due = start + timedelta(minutes=length)
    parts = positions(graph)
    assert max(parts) == 1
    assert min(parts) >= 0
    found = RECKONING.parts(start, due, parts)
    assert max(found) == due
    for turn, at in zip(graph, found, strict=True):
        assert all(found[before - 1] <= at for before in turn.after)


def test_branches_share_the_time_of_the_longest_one() -> None:
    graph = (Turn("A", 0.1), Turn("B", 0.5, (1,)), Turn("C", 0.2, (1,)), Turn("D", 0.4, (2, 3)), Turn("E", 0.0, (4,)))
    tenths = [Fraction(n, 10) for n in (1, 6, 3, 10, 10)]
    assert positions(graph) == tenths
    assert positions([replace(turn, share=turn.share * 160) for turn in graph]) == tenths  # hours of the same workflow
    assert positions((Turn("A", 0.0), Turn("B", 0.0, (1,)))) == [1, 1]


@pytest.mark.parametrize(
    ("hours", "expected"), [(-24, Timeliness.EARLY), (0, Timeliness.ON_TIME), (14, Timeliness.ON_TIME), (16, "late")]
)
def test_timeliness_is_by_date_in_viet_nam(hours: int, expected: str) -> None:
    assert RECKONING.timeliness(AT + timedelta(hours=hours), AT) == expected  # AT is 09:00 in Viet Nam


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (b"\xff\xfe", "file-not-utf8"),
        (b"", "column-missing"),
        (b"code,level\nH12,x\n", "column-missing"),
        (b"code,name\nh12,Ten\n", "agency-code-malformed"),
        (b"code,name\nH12,Ten\nH12,Ten\n", "agency-repeated"),
        (b"code,name,parent\nH12,Ten,H99\n", "agency-parent-unknown"),
        (b"code,name,parent\nH12,A,H13\nH13,B,H12\n", "agency-circle"),
        (b"code,name\nH12\n", "agency-name-missing"),
        (b"code,name\nH12, \n", "agency-name-missing"),
        (b'code,name\nH12,"Ten\n', "file-malformed"),
    ],
)
def test_a_directory_file_is_read_whole_or_refused_with_a_word(content: bytes, slug: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_agencies(content)
    assert caught.value.slug == slug


def test_a_directory_file_may_have_stray_spaces_and_any_order() -> None:
    read = read_agencies("\ufeffname,parent,code\nHuyện, H12 , H12.970 \nTỉnh,,H12\n".encode())
    assert read.parent_of("H12.970") == "H12"
    assert read.by_code()["H12"].name == "Tỉnh"
