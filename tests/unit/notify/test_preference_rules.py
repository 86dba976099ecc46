"""What a preference means for a notice, and that a phone cannot be read from what is kept."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.types import NoticeChannel, NoticeKind
from services.notify.officers.officer import OFFICER_KINDS
from services.notify.preferences import Preference, phone_key, read_phone_key
from services.notify.preferences.preference import REFUSAL_HOLDS, Wants, Why
from services.notify.settings import NotifySettings
from tests.unit.notify.ladder_fixtures import NOON

KEY = bytes(range(32))
PHONE = "84901234567"
ZALO, SMS = NoticeChannel.ZALO, NoticeChannel.SMS
RECEIVED = NoticeKind.RECEIVED


def wanting(wants: Wants | None) -> Preference:
    return Preference().asked(wants, Why.CITIZEN_ASKED, "a1b2c3d4e5f6", NOON)


@pytest.mark.parametrize(
    ("wants", "said", "sms_only"),
    [
        (None, ZALO, False),
        (None, SMS, True),
        (Wants.ZALO_AND_SMS, ZALO, False),
        (Wants.ZALO_AND_SMS, SMS, True),
        (Wants.ZALO_FIRST, SMS, False),
        (Wants.SMS_ONLY, ZALO, True),
    ],
)
def test_the_wish_goes_before_what_came_with_the_contact(
    wants: Wants | None, said: NoticeChannel, sms_only: bool
) -> None:
    assert wanting(wants).sms_only(RECEIVED, said, NOON) is sms_only


def test_zalo_is_left_out_while_its_user_refuses_us_and_tried_again_afterwards() -> None:
    learned = wanting(Wants.ZALO_AND_SMS).learned(NOON + REFUSAL_HOLDS, NOON)
    assert learned.sms_only(RECEIVED, ZALO, NOON)
    assert learned.sms_only(RECEIVED, ZALO, NOON + REFUSAL_HOLDS - timedelta(seconds=1))
    assert not learned.sms_only(RECEIVED, ZALO, NOON + REFUSAL_HOLDS)
    assert timedelta(days=90) == REFUSAL_HOLDS


def test_who_asks_for_zalo_has_it_tried_again_and_who_asks_for_anything_else_has_not() -> None:
    learned = Preference().learned(NOON + REFUSAL_HOLDS, NOON)
    assert learned.asked(Wants.ZALO_FIRST, Why.CITIZEN_ASKED, "k", NOON).zalo_refused_until is None
    for wants in (None, Wants.ZALO_AND_SMS, Wants.SMS_ONLY, Wants.NONE):
        assert learned.asked(wants, Why.CITIZEN_ASKED, "k", NOON).zalo_refused_until == NOON + REFUSAL_HOLDS


def test_a_refusal_that_is_learned_again_the_same_day_is_not_written_again() -> None:
    learned = Preference().learned(NOON + REFUSAL_HOLDS, NOON)
    later = NOON + timedelta(hours=23)
    assert learned.learned(later + REFUSAL_HOLDS, later) is learned
    later = NOON + timedelta(hours=25)
    assert learned.learned(later + REFUSAL_HOLDS, later).zalo_refused_until == later + REFUSAL_HOLDS


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_an_opt_out_silences_every_notice_to_citizens_but_the_codes_they_ask_for(kind: NoticeKind) -> None:
    silenced = wanting(Wants.NONE).silences(kind)
    assert silenced is (kind is not NoticeKind.ONE_TIME_CODE and kind not in OFFICER_KINDS)
    assert not any(wanting(wants).silences(kind) for wants in (None, *Wants) if wants is not Wants.NONE)


def test_an_officers_channel_is_the_offices_not_the_citizens_wish() -> None:
    assert not wanting(Wants.SMS_ONLY).sms_only(NoticeKind.OVERDUE, ZALO, NOON)
    assert wanting(Wants.ZALO_FIRST).sms_only(NoticeKind.OVERDUE, SMS, NOON)


@given(st.binary(min_size=32, max_size=32), st.from_regex(r"84[35789][0-9]{8}", fullmatch=True))
def test_a_phones_key_depends_on_every_part_and_holds_nothing_of_it(key: bytes, phone: str) -> None:
    made = phone_key(key, phone)
    assert made == phone_key(key, phone)
    assert made != phone_key(key, phone[:-1] + str((int(phone[-1]) + 1) % 10))
    assert made != phone_key(bytes([key[0] ^ 1]) + key[1:], phone)
    assert made not in {hashlib.sha256(phone.encode()).hexdigest(), hmac.new(key, phone.encode(), "sha256").hexdigest()}
    assert len(made) == 64


def test_the_key_of_phones_is_read_or_refused() -> None:
    assert read_phone_key(" ") is None
    assert read_phone_key(base64.urlsafe_b64encode(KEY).decode() + "\n") == KEY
    for wrong in ("short", base64.urlsafe_b64encode(KEY[:16]).decode(), "ä" * 44):
        with pytest.raises(ValueError, match="NOTIFY_PHONE_KEY"):
            read_phone_key(wrong)
    with pytest.raises(ValidationError):
        NotifySettings(notify_phone_key="short")  # type: ignore[arg-type]
    assert NotifySettings().phone_key is None


def test_a_preference_shows_no_phone_when_it_is_printed() -> None:
    assert PHONE[2:] not in repr(wanting(Wants.NONE))
