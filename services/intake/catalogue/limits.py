"""The column `limits`: limits that differ by channel, by case (trường hợp), or by both.

`online: 2 ngày làm việc; Trường hợp phức tạp: 10 ngày làm việc; online + Trường hợp phức tạp: 8 ngày làm việc`
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from contracts.problems import Invalid
from contracts.types import Channel, LimitUnit
from services.intake.domain.procedure import MOST_LIMITS, LimitRule, plain_case
from services.intake.search_words import folded
from services.kit import worktime

MAX_LIMIT: Final = 10_000
MOST_NAME: Final = 500
"""Both as the contract of `procedure.published` has them: a rule beyond could be read here and never be published."""
CHANNELS: Final[Mapping[str, Channel]] = {
    "online": Channel.ONLINE,
    "truc tuyen": Channel.ONLINE,
    "counter": Channel.COUNTER,
    "truc tiep": Channel.COUNTER,
    "post": Channel.POST,
    "buu chinh": Channel.POST,
    "buu chinh cong ich": Channel.POST,
}


def read_limits(text: str) -> tuple[LimitRule, ...]:
    """The rules of a cell, in its order; none for an empty one.

    Raises: Invalid `limits-malformed`, `limits-repeated`, `limits-too-many`.
    """
    rules: dict[tuple[Channel | None, str], LimitRule] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        rule = _rule(part)
        place = (rule.channel, plain_case(rule.case))
        if place in rules:
            raise Invalid("limits-repeated", f"Thời hạn của “{part[:60]}” đã nêu ở trên trong cùng ô.")
        rules[place] = rule
    if len(rules) > MOST_LIMITS:
        raise Invalid("limits-too-many", f"Một thủ tục chỉ có tối đa {MOST_LIMITS} thời hạn riêng.")
    return tuple(rules.values())


def _rule(part: str) -> LimitRule:
    """`<channel or case>: <limit>`, or `<channel> + <case>: <limit>`."""
    label, _, stated = part.rpartition(":")
    channel, case = _of(label.strip())
    try:
        limit = worktime.TimeLimit.parse(stated)
    except worktime.LimitError:
        raise _malformed(part) from None
    if (channel is None and not case) or len(case) > MOST_NAME or limit.amount > MAX_LIMIT:
        raise _malformed(part)
    return LimitRule(float(limit.amount), LimitUnit(limit.unit.value), channel, case)


def _of(label: str) -> tuple[Channel | None, str]:
    first, plus, rest = label.partition("+")
    channel = CHANNELS.get(folded(first))
    if channel is None:
        return None, label
    if plus and not rest.strip():
        return None, ""
    return channel, rest.strip()


def _malformed(part: str) -> Invalid:
    words = "Cột limits viết như “online: 2 ngày làm việc; Trường hợp phức tạp: 10 ngày làm việc”"
    return Invalid("limits-malformed", f"{words}; không đọc được “{part[:60]}”.")
