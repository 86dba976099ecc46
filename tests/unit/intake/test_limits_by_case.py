"""Limits by channel and case: how the catalogue states them, and which one is promised."""

from __future__ import annotations

import pytest

from contracts.problems import Invalid
from contracts.types import Channel, LimitUnit
from services.intake.catalogue import read_catalogue
from services.intake.catalogue.limits import read_limits
from services.intake.domain.procedure import LimitRule, Paper, Procedure

DAYS, HOURS = LimitUnit.WORKING_DAYS, LimitUnit.WORKING_HOURS
HARD, EASY = "Trường hợp phức tạp", "Trường hợp đơn giản"
RULES = (
    LimitRule(2.0, DAYS, Channel.ONLINE),
    LimitRule(10.0, DAYS, case=HARD),
    LimitRule(8.0, DAYS, Channel.ONLINE, HARD),
    LimitRule(4.0, HOURS, Channel.POST, EASY),
)


def procedure(limits: tuple[LimitRule, ...] = RULES, papers: tuple[Paper, ...] = ()) -> Procedure:
    return Procedure("1.014466", 1, "Đăng ký", "Hộ tịch", "xã", ("Phòng",), 3.0, DAYS, papers=papers, limits=limits)


@pytest.mark.parametrize(
    ("channel", "case", "expected"),
    [
        (Channel.COUNTER, None, 3.0),
        (Channel.ONLINE, None, 2.0),
        (Channel.COUNTER, HARD, 10.0),
        (Channel.POST, HARD, 10.0),
        (Channel.ONLINE, HARD, 8.0),
        (Channel.POST, EASY, 4.0),
        (Channel.ONLINE, EASY, 2.0),
        (Channel.COUNTER, EASY, 3.0),
        (Channel.COUNTER, HARD.upper(), 10.0),
    ],
)
def test_the_most_specific_rule_that_fits_is_promised(channel: Channel, case: str | None, expected: float) -> None:
    """Channel and case before case, before channel, before the limit for all; whatever the order of the rules."""
    for rules in (RULES, RULES[::-1]):
        limit = procedure(rules).limit_for(channel, case)
        assert limit is not None
        assert limit.value == expected


def test_without_a_limit_for_all_only_what_a_rule_fits_has_one() -> None:
    bare = Procedure("1.014466", 1, "Đăng ký", "Hộ tịch", "xã", ("Phòng",), limits=RULES)
    assert bare.limit_for(Channel.COUNTER, None) is None
    assert bare.limit_for(Channel.ONLINE, None) == RULES[0]


def test_cases_are_those_of_limits_and_of_papers_each_once() -> None:
    found = procedure(papers=(Paper("Tờ khai"), Paper("Giấy", case=HARD.upper()), Paper("Sổ", case="Người nước ngoài")))
    assert found.cases == (HARD, EASY, "Người nước ngoài")
    assert found.known_case("  trường HỢP   phức tạp ") == HARD
    assert found.known_case("người nước ngoài") == "Người nước ngoài"
    assert found.known_case("Khác") is None
    assert procedure(()).cases == ()


def test_a_cell_states_rules_for_channels_cases_and_both() -> None:
    text = (
        "online: 2 ngày làm việc; Trường hợp phức tạp: 10 ngày làm việc;"
        " Trực tuyến + Trường hợp phức tạp: không quá 08 ngày làm việc; Bưu chính + Trường hợp đơn giản: 4 giờ;"
    )
    assert read_limits(text) == RULES
    assert read_limits("") == read_limits(" ; ") == ()
    [with_sign] = read_limits("Cha + mẹ: nơi cư trú: 1 tháng")
    assert (with_sign.channel, with_sign.case, with_sign.unit) == (None, "Cha + mẹ: nơi cư trú", LimitUnit.MONTHS)


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("2 ngày làm việc", "limits-malformed"),
        ("online: hai ngày", "limits-malformed"),
        ("online: 0 ngày", "limits-malformed"),
        ("online: 2 ngày, 3 ngày", "limits-malformed"),
        ("online: 10001 ngày", "limits-malformed"),
        ("online: 1,5 ngày", "limits-malformed"),
        ("online + : 2 ngày", "limits-malformed"),
        (": 2 ngày", "limits-malformed"),
        (f"{'T' * 501}: 2 ngày", "limits-malformed"),
        ("online: 2 ngày; trực tuyến: 3 ngày", "limits-repeated"),
        ("Khó: 2 ngày; khó: 3 ngày", "limits-repeated"),
        ("; ".join(f"Trường hợp {number}: 2 ngày" for number in range(41)), "limits-too-many"),
    ],
)
def test_a_cell_that_cannot_be_read_has_a_slug(text: str, slug: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_limits(text)
    assert caught.value.slug == slug


def test_the_row_of_a_bad_cell_is_refused_with_its_line() -> None:
    head = "code,name,time_limit_value,time_limit_unit,limits"
    good = "1.014466,Đăng ký,3,ngày làm việc,online: 2 ngày làm việc"
    bad = "1.014467,Cấp phép,3,ngày làm việc,nhanh nhất có thể"
    read = read_catalogue("\n".join((head, good, bad)).encode())
    assert [(row.line, row.slug, row.code) for row in read.refused] == [(3, "limits-malformed", "1.014467")]
    assert [one.limits for one in read.procedures] == [(LimitRule(2.0, DAYS, Channel.ONLINE),)]


def test_rules_that_change_make_a_new_version_and_the_same_ones_none() -> None:
    before = procedure()
    assert before.next_version(procedure(RULES[:2])) is not None
    assert before.next_version(procedure(RULES)) is None
