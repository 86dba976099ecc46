"""Telephone numbers whose owner behaves in one known way, for tests and for showing a fault on purpose.

All are FICTITIOUS TEST NUMBERS. Viet Nam reserves no range for fiction, so they stand at the end of one block
(0599 999 xxx) where `phonenumbers` accepts them as mobile numbers; nothing here ever dials out. The last digits
follow the code they provoke where there is one (0599 999 118 is answered with -118).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

FICTITIOUS_LABEL = "số thử nghiệm, không có thật"


class Quirk(StrEnum):
    """How a channel misbehaves for one phone after, or instead of, taking the message."""

    NONE = "none"
    NEVER_DELIVERED = "never_delivered"
    RECEIPT_TWICE = "receipt_twice"
    RECEIPT_BEFORE_REPLY = "receipt_before_reply"
    RECEIPT_LATE = "receipt_late"
    ACCEPT_THEN_DROP = "accept_then_drop"
    BAD_GATEWAY = "bad_gateway"
    DELIVERY_FAILED = "delivery_failed"
    TEMPORARY_FIRST = "temporary_first"


@dataclass(frozen=True, slots=True)
class Manners:
    """What the networks do for one phone. An error refuses the message, a quirk disturbs an accepted one."""

    zalo_error: int | None = None
    zalo: Quirk = Quirk.NONE
    sms_code: str | None = None
    """CodeResult of eSMS."""
    sms: Quirk = Quirk.NONE
    """Of every SMS gateway."""
    codes: Mapping[str, str] = field(default_factory=dict)
    """What an SMS gateway other than eSMS answers, by its name, in its own codes."""


@dataclass(frozen=True, slots=True)
class MagicNumber:
    """A fictitious number in national form, what it shows, and how the networks treat it."""

    number: str
    meaning: str
    manners: Manners

    @property
    def international(self) -> str:
        """Return the number as the networks keep it, without a plus sign."""
        return "84" + self.number[1:]


def _zalo_refuses(number: str, code: int, meaning: str) -> MagicNumber:
    return MagicNumber(number, meaning, Manners(zalo_error=code))


def _zalo_quirk(number: str, quirk: Quirk, meaning: str) -> MagicNumber:
    return MagicNumber(number, meaning, Manners(zalo=quirk))


def _sms_only(
    number: str, meaning: str, *, code: str | None = None, quirk: Quirk = Quirk.NONE, **codes: str
) -> MagicNumber:
    """Give the phone no Zalo either, so that a notice reaches the SMS channel by the ordinary fallback."""
    return MagicNumber(number, meaning, Manners(zalo_error=-118, sms_code=code, sms=quirk, codes=codes))


SPEEDSMS_LEFT_OUT = "left-out"
"""Not a code: SpeedSMS answers with success and lists the phone as invalid."""


MAGIC_NUMBERS: tuple[MagicNumber, ...] = (
    _zalo_refuses("0599999108", -108, "Zalo: số điện thoại không hợp lệ (-108)"),
    _zalo_refuses("0599999114", -114, "Zalo: người dùng không hoạt động hoặc từ chối (-114)"),
    _zalo_refuses("0599999118", -118, "Zalo: chưa có tài khoản (-118)"),
    _zalo_refuses("0599999119", -119, "Zalo: tài khoản không thể nhận tin (-119)"),
    _zalo_refuses("0599999139", -139, "Zalo: người dùng từ chối loại tin này (-139)"),
    _zalo_refuses("0599999141", -141, "Zalo: người dùng từ chối tin từ OA này (-141)"),
    _zalo_quirk("0599999501", Quirk.NEVER_DELIVERED, "Zalo: nhận tin nhưng không bao giờ phát"),
    _zalo_quirk("0599999502", Quirk.BAD_GATEWAY, "Zalo: HTTP 502, trang HTML"),
    _zalo_quirk("0599999503", Quirk.RECEIPT_TWICE, "Zalo: báo phát hai lần"),
    _zalo_quirk("0599999504", Quirk.ACCEPT_THEN_DROP, "Zalo: nhận tin rồi ngắt kết nối, không trả lời"),
    _zalo_quirk("0599999505", Quirk.RECEIPT_BEFORE_REPLY, "Zalo: báo phát đến trước câu trả lời"),
    _zalo_quirk("0599999506", Quirk.RECEIPT_LATE, "Zalo: báo phát đến muộn"),
    _sms_only("0599999801", "SMS: nhận tin nhưng không bao giờ phát", quirk=Quirk.NEVER_DELIVERED),
    _sms_only("0599999802", "SMS: HTTP 502, trang HTML", quirk=Quirk.BAD_GATEWAY),
    _sms_only("0599999803", "SMS: báo phát hai lần", quirk=Quirk.RECEIPT_TWICE),
    _sms_only("0599999804", "SMS: nhận tin rồi ngắt kết nối, không trả lời", quirk=Quirk.ACCEPT_THEN_DROP),
    _sms_only("0599999805", "SMS: báo phát đến trước câu trả lời", quirk=Quirk.RECEIPT_BEFORE_REPLY),
    _sms_only("0599999806", "SMS: báo phát đến muộn", quirk=Quirk.RECEIPT_LATE),
    _sms_only("0599999810", "SMS: nhận tin, sau đó báo phát thất bại", quirk=Quirk.DELIVERY_FAILED),
    _sms_only("0599999811", "SMS: nhận tin, sau đó báo hết hạn (SMPP: EXPIRED)", quirk=Quirk.DELIVERY_FAILED),
    _sms_only("0599999812", "SMS: nhận tin, sau đó báo bị từ chối (SMPP: REJECTD)", quirk=Quirk.DELIVERY_FAILED),
    _sms_only(
        "0599999816", "SpeedSMS: trả lời thành công nhưng xếp số này vào invalidPhone", speedsms=SPEEDSMS_LEFT_OUT
    ),
    _sms_only("0599999825", "VNPT: sai mạng hoặc sai nhãn (25); cổng SMS khác vẫn phát", vnpt="25"),
    _sms_only("0599999863", "SMS: SpeedSMS báo lỗi tạm thời rồi mới báo phát", quirk=Quirk.TEMPORARY_FIRST),
    _sms_only("0599999877", "eSMS: nhà mạng chưa đăng ký brandname (177); cổng SMS khác vẫn phát", code="177"),
    _sms_only(
        "0599999899",
        "SMS: số bị chặn ở mọi cổng (eSMS 99, SpeedSMS 105, VNPT 23, SMPP 0x0b)",
        code="99",
        speedsms="105",
        vnpt="23",
        smpp="0x0b",
    ),
)

_BY_PHONE = {magic.international: magic for magic in MAGIC_NUMBERS}
_ORDINARY = Manners()
_WITHOUT_ZALO = Manners(zalo_error=-118)


def magic_of(phone: str) -> MagicNumber | None:
    """Return the magic number behind `84…`, if it is one."""
    return _BY_PHONE.get(phone)


def manners_of(phone: str, no_zalo_every: int) -> Manners:
    """Return how the networks treat a phone (`84…`).

    A magic number keeps its own manners. Of all other phones every n-th has no Zalo, told by its last three digits,
    so that a test knows beforehand who falls back to SMS; zero gives everybody Zalo.
    """
    magic = _BY_PHONE.get(phone)
    if magic is not None:
        return magic.manners
    return _WITHOUT_ZALO if no_zalo_every and int(phone[-3:]) % no_zalo_every == 0 else _ORDINARY
