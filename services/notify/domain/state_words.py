"""States, channels, kinds and reasons in the words of an office worker, beside the codes."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.types import NoticeChannel, NoticeKind
from services.notify.domain.transitions import State

STATE_WORDS: Mapping[State, str] = {
    State.CREATED: "chờ gửi",
    State.SENDING: "đang gửi",
    State.UNKNOWN: "chưa rõ kết quả",
    State.SENT: "đã gửi, chờ báo nhận",
    State.DELIVERED: "đã đến máy",
    State.UNDELIVERABLE: "không đến được, cần gọi điện",
    State.FAILED: "lỗi gửi, cần người vận hành",
    State.EXPIRED: "quá hạn gửi",
    State.CANCELLED: "đã hủy, không còn đúng",
}
CHANNEL_WORDS: Mapping[NoticeChannel, str] = {
    NoticeChannel.ZALO: "Zalo",
    NoticeChannel.SMS: "tin nhắn SMS",
    NoticeChannel.CALL_LIST: "điện thoại",
}
PROVIDER_WORDS: Mapping[str, str] = {
    "zalo": "Zalo",
    "esms": "eSMS.vn",
    "speedsms": "SpeedSMS.vn",
    "vnpt": "VNPT",
    "smpp": "nhà mạng (SMPP)",
}
KIND_WORDS: Mapping[NoticeKind, str] = {
    NoticeKind.FILED: "đã nhận hồ sơ trực tuyến",
    NoticeKind.RECEIVED: "đã tiếp nhận, hẹn trả kết quả",
    NoticeKind.SUPPLEMENT: "yêu cầu bổ sung hồ sơ",
    NoticeKind.PAYMENT: "yêu cầu nộp tiền",
    NoticeKind.HALTED: "tạm dừng giải quyết",
    NoticeKind.DUE_CHANGED: "thay đổi ngày hẹn trả",
    NoticeKind.EXTENDED: "xin lỗi và hẹn lại ngày trả",
    NoticeKind.RESOLVED: "đã có kết quả",
    NoticeKind.TERMINATED: "dừng giải quyết",
    NoticeKind.REFUSED: "không tiếp nhận hồ sơ",
    NoticeKind.RETURNED: "đã trả kết quả, mời đánh giá",
    NoticeKind.WITHDRAWN: "đã rút hồ sơ",
    NoticeKind.ONE_TIME_CODE: "mã xác nhận một lần",
    NoticeKind.DUE_SOON: "nhắc cán bộ: sắp đến hạn",
    NoticeKind.OVERDUE: "nhắc cán bộ: quá hạn",
}
RESEND_WORDS: Mapping[str, str] = {
    "citizen-asked": "người dân đề nghị gửi lại",
    "gateway-recovered": "cổng gửi tin đã hoạt động trở lại",
    "template-corrected": "mẫu tin đã được sửa",
    "not-received": "người dân báo chưa nhận được",
}
"""Common reasons; any other code is taken too."""

_WHOLE: Mapping[str, str] = {
    "": "",
    "asked": "cổng gửi tin xác nhận khi được hỏi",
    "quiet-hours": "giờ yên tĩnh, chờ đến sáng",
    "no-channel": "không còn kênh nào gửi được",
    "officer-gone": "vai trò nhận tin không còn trong danh sách",
    "no-receipt": "đã gửi nhưng không có báo nhận",
    "no-longer-true": "nội dung không còn đúng",
    "opted-out": "người dân không nhận thông báo",
    "expired": "quá thời hạn có ích",
    "late-receipt": "báo nhận đến muộn",
    "late-failure": "báo lỗi đến muộn",
    "resent": "đã được gửi lại",
    "recipient-gone": "không còn thông tin người nhận",
    "contact-unreadable": "không mở được thông tin liên hệ",
    "contact-malformed": "thông tin liên hệ sai dạng",
    "phone-not-mobile": "không phải số di động Việt Nam",
    "secret-unreadable": "không mở được mã xác nhận",
    "secret-malformed": "mã xác nhận sai dạng",
}
_AFTER_CHANNEL: Mapping[str, str] = {
    "no-answer": "không trả lời",
    "no-receipt": "không có báo nhận",
    "not-delivered": "báo không đến được máy",
    "not-there": "báo không có tin này, gửi lại",
    "interrupted": "cuộc gọi bị gián đoạn",
    "closed": "tạm ngừng",
    "transient": "lỗi tạm thời",
    "throttled": "yêu cầu gửi chậm lại",
    "token": "không nhận mã truy cập",
    "recipient": "không gửi được đến số này",
    "elsewhere": "cổng này không gửi được đến số này, chuyển cổng khác",
    "payload": "không nhận nội dung này",
    "template": "mẫu tin bị khóa hoặc sai",
    "configuration": "tài khoản chưa đúng",
    "billing": "tài khoản hết tiền",
    "night": "không gửi ban đêm",
    "day-quota": "hết hạn mức trong ngày",
    "month-quota": "hết hạn mức trong tháng",
}
_CHANNELS = {channel.value: words for channel, words in CHANNEL_WORDS.items()}


def reason_words(reason: str) -> str:
    """A reason of a notice's history; an unknown code is shown as it is."""
    channel, _, why = reason.partition("-")
    if channel in _CHANNELS and why in _AFTER_CHANNEL:
        return f"{_CHANNELS[channel]}: {_AFTER_CHANNEL[why]}"
    return _WHOLE.get(reason, reason)


def resend_words(why: str) -> str:
    """Why somebody had it sent again."""
    return RESEND_WORDS.get(why, why)
