"""Whatever can stand in a notice has words that an office worker understands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import services.notify
from contracts.types import NoticeChannel, NoticeKind
from services.notify.domain.results import Verdict
from services.notify.domain.state_words import (
    CHANNEL_WORDS,
    KIND_WORDS,
    RESEND_WORDS,
    STATE_WORDS,
    reason_words,
    resend_words,
)
from services.notify.domain.transitions import State

ROOT = Path(services.notify.__path__[0])
STEPS = frozenset(
    {"later", "fall_back", "give_up", "fail", "cancel", "arrive", "move", "Entry", "_end"}
)  # fmt: skip
CODE = re.compile(r"[a-z]+(-[a-z]+)+|asked|expired|resent")


def literals() -> Iterator[str]:
    """Every reason that a step of the ladder is called with, as far as it is written out."""
    for path in [*ROOT.glob("*.py"), *(ROOT / "domain").glob("*.py"), *(ROOT / "commands").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node, "func", None)
            called = getattr(name, "id", getattr(name, "attr", ""))
            if isinstance(node, ast.Call) and called in STEPS:
                for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        yield argument.value
                    elif isinstance(argument, ast.JoinedStr):
                        yield from spoken(argument)


def spoken(text: ast.JoinedStr) -> Iterator[str]:
    """`zalo-{verdict}`, `{channel}-interrupted`: with every value that it may have."""
    channels = [NoticeChannel.ZALO.value, NoticeChannel.SMS.value]
    silence = ["no-answer", "no-receipt", "not-delivered"]
    known = {"channel": channels, "verdict": [verdict.value for verdict in Verdict], "word": silence, "why": silence}
    found = [""]
    for part in text.values:
        if isinstance(part, ast.FormattedValue):
            name = getattr(part.value, "attr", getattr(part.value, "id", ""))
            found = [begun + value for begun in found for value in known.get(name, ())]
        else:
            assert isinstance(part, ast.Constant)
            found = [begun + str(part.value) for begun in found]
    yield from found


def test_every_state_channel_and_kind_has_words() -> None:
    assert set(STATE_WORDS) == set(State)
    assert set(CHANNEL_WORDS) == set(NoticeChannel)
    assert set(KIND_WORDS) == set(NoticeKind)
    words = [*STATE_WORDS.values(), *KIND_WORDS.values()]
    assert len(set(words)) == len(words)


def test_every_reason_that_the_code_gives_has_words() -> None:
    taken = {f"{channel}-{verdict}" for channel in NoticeChannel for verdict in (Verdict.TAKEN, Verdict.ALREADY_TAKEN)}
    codes = {reason for reason in literals() if CODE.fullmatch(reason)} - taken
    assert {"quiet-hours", "zalo-no-answer", "sms-payload"} <= codes
    assert not sorted(code for code in codes if reason_words(code) == code)


def test_reasons_that_are_named_elsewhere_have_words() -> None:
    for reason in (
        "late-receipt",
        "late-failure",
        "contact-unreadable",
        "contact-malformed",
        "phone-not-mobile",
        "secret-unreadable",
        "secret-malformed",
    ):
        assert reason_words(reason) != reason


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("", ""),
        ("zalo-no-receipt", "Zalo: không có báo nhận"),
        ("sms-billing", "tin nhắn SMS: tài khoản hết tiền"),
        ("brand-new", "brand-new"),
    ],
)
def test_words_of_reasons(reason: str, words: str) -> None:
    assert reason_words(reason) == words


def test_why_somebody_had_it_sent_again_is_said_in_words_or_as_it_is() -> None:
    assert resend_words("citizen-asked") == RESEND_WORDS["citizen-asked"]
    assert resend_words("of-our-own") == "of-our-own"
