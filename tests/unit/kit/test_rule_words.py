"""Refused fields are explained in Vietnamese, whatever rule refused them, and never with their value."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal, get_args

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ErrorType

from services.kit.rule_words import rule_words


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")

    day: date = date(2026, 11, 22)
    at: datetime = datetime(2026, 11, 22)
    number: int = Field(default=1, ge=1)
    kind: Literal["a", "b"] = "a"
    text: str = Field(default="x", pattern="^x$", max_length=3)


def errors(**values: Any) -> list[Any]:
    with pytest.raises(ValidationError) as caught:
        Form.model_validate(values)
    return caught.value.errors()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"at": "2026-02-30T08:00:00+07:00"}, "thời điểm"),
        ({"day": "2026-02-30"}, "ngày"),
        ({"number": "hai"}, "số nguyên"),
        ({"number": 0}, "nhỏ"),
        ({"kind": "tuyệt mật"}, "lựa chọn"),
        ({"text": "tuyệt mật"}, "dài"),
        ({"tuyệt": "mật"}, "Không có trường"),
    ],
)
def test_the_words_say_what_is_wrong_without_the_value(values: dict[str, Any], words: str) -> None:
    (error,) = errors(**values)
    assert words in rule_words(error)
    assert "mật" not in rule_words(error)


def test_rules_of_our_own_bring_their_words() -> None:
    error = PydanticCustomError("phone-invalid", "Số điện thoại không hợp lệ.")
    assert rule_words({"type": error.type, "msg": error.message()}) == "Số điện thoại không hợp lệ."


@pytest.mark.parametrize("rule", sorted(get_args(ErrorType)))
def test_no_rule_is_left_in_english(rule: str) -> None:
    words = rule_words({"type": rule, "msg": "Input should be something"})
    assert words.endswith((".", ")."))
    assert "Input" not in words
