"""Sealed codes and invitations: opened for the call, refused where there is nothing to send."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from contracts.types import NoticeKind
from services.kit.sealing import Opener, Sealer, new_private_key
from services.notify.domain.notice import Notice
from services.notify.secret import SecretUnusable, open_secret
from tests.unit.notify.ladder_fixtures import new_notice

OPENER = Opener(new_private_key())


def holding(kind: NoticeKind, body: object, opener: Opener = OPENER) -> Notice:
    plain = body if isinstance(body, bytes) else orjson.dumps(body)
    return replace(new_notice(kind), secret=Sealer(opener.public_key).seal(plain))


def test_a_code_and_a_token_are_opened() -> None:
    assert open_secret(OPENER, holding(NoticeKind.ONE_TIME_CODE, {"code": "012345"})) == "012345"
    assert open_secret(OPENER, holding(NoticeKind.RETURNED, {"token": "Zk3vQ9rT2m_w-"})) == "Zk3vQ9rT2m_w-"


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"\xff", {}, {"code": 123456}, {"code": "12345"}, {"code": "1234567"}, {"code": "12345a"},
     {"code": "١٢٣٤٥٦"}, {"code": "12345\n"}],
)  # fmt: skip
def test_a_code_of_the_wrong_shape_is_our_fault(body: object) -> None:
    with pytest.raises(SecretUnusable) as caught:
        open_secret(OPENER, holding(NoticeKind.ONE_TIME_CODE, body))
    assert (caught.value.reason, caught.value.ours) == ("secret-malformed", True)


def test_a_code_sealed_for_another_key_is_our_fault() -> None:
    with pytest.raises(SecretUnusable) as caught:
        open_secret(OPENER, holding(NoticeKind.ONE_TIME_CODE, {"code": "123456"}, Opener(new_private_key())))
    assert (caught.value.reason, caught.value.ours) == ("secret-unreadable", True)


@pytest.mark.parametrize("token", ["", "a/b", "a b", "á", "x" * 65, 7, None])
def test_an_invitation_that_cannot_be_read_is_left_out(token: object) -> None:
    assert open_secret(OPENER, holding(NoticeKind.RETURNED, {"token": token})) == ""
    assert open_secret(OPENER, holding(NoticeKind.RETURNED, {"token": "abc"}, Opener(new_private_key()))) == ""


def test_a_notice_does_not_show_its_secret() -> None:
    notice = holding(NoticeKind.ONE_TIME_CODE, {"code": "123456"})
    assert notice.secret not in repr(notice)
