"""What clerks choose from, in their words."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.reasons import REFUSAL_GROUNDS, SUPPLEMENT_REASONS
from contracts.types import Channel, HandOverMethod, HandOverProof, IdentityCheck, PaperState, ReceivedBy
from services.intake.domain.reasons import WITHDRAWAL_REASONS
from services.intake.domain.status import Status

Options = tuple[tuple[str, str], ...]

PAPER_STATES: Options = (
    (PaperState.ORIGINAL.value, "Bản chính"),
    (PaperState.COPY.value, "Bản sao"),
    (PaperState.DIGITAL.value, "Bản điện tử"),
    (PaperState.MISSING.value, "Thiếu"),
    (PaperState.REPLACED.value, "Đã có trong cơ sở dữ liệu"),
    (PaperState.NOT_APPLICABLE.value, "Không thuộc trường hợp này"),
)
"""Each begins with another letter where it matters: a letter typed on the list chooses."""
PAPER_STATE_WORDS: Mapping[str, str] = dict(PAPER_STATES)
REASONS_OF_STATES: Mapping[str, str] = {
    PaperState.REPLACED.value: "in-population-database",
    PaperState.NOT_APPLICABLE.value: "other-case",
}
"""The reason that the state itself says, where the clerk chooses none."""
PAPER_REASONS: Options = (
    *SUPPLEMENT_REASONS.items(),
    ("in-population-database", "Dữ liệu có trong cơ sở dữ liệu quốc gia"),
    ("other-case", "Giấy tờ của trường hợp khác"),
)
PAPER_REASON_WORDS: Mapping[str, str] = dict(PAPER_REASONS)
WANTED_REASONS: Options = tuple(SUPPLEMENT_REASONS.items())
GROUNDS: Options = tuple((code, ground.words) for code, ground in REFUSAL_GROUNDS.items())
WITHDRAWALS: Options = tuple((code, words.replace("Ông/bà", "Công dân")) for code, words in WITHDRAWAL_REASONS.items())
KINDS: Options = (("citizen", "Cá nhân"), ("organisation", "Tổ chức"))
NOTIFY_BY: Options = (("zalo", "Zalo, không được thì SMS"), ("sms", "Tin nhắn SMS"), ("none", "Không nhận tin"))
CHANNELS: Options = ((Channel.COUNTER.value, "Trực tiếp tại quầy"), (Channel.POST.value, "Bưu chính công ích"))
CHANNEL_WORDS: Mapping[str, str] = {**dict(CHANNELS), Channel.ONLINE.value: "Trực tuyến"}
RETURN_BY: Options = (
    (HandOverMethod.COUNTER.value, "Tại quầy"),
    (HandOverMethod.POST.value, "Qua bưu chính"),
    (HandOverMethod.ONLINE.value, "Trực tuyến"),
)
RETURN_WORDS: Mapping[str, str] = dict(RETURN_BY)
RECEIVERS: Options = (
    (ReceivedBy.OWNER.value, "Chủ hồ sơ"),
    (ReceivedBy.REPRESENTATIVE.value, "Người được ủy quyền, người đại diện"),
    (ReceivedBy.POSTAL_SERVICE.value, "Nhân viên bưu chính"),
)
PROOFS: Options = (
    (HandOverProof.SIGNATURE.value, "Ký nhận"),
    (HandOverProof.ONE_TIME_CODE.value, "Mã xác nhận gửi đến điện thoại"),
    (HandOverProof.POSTAL_RECEIPT.value, "Biên nhận bưu chính"),
)
IDENTITY_CHECKS: Options = (
    (IdentityCheck.CITIZEN_CARD.value, "Thẻ căn cước"),
    (IdentityCheck.VNEID.value, "VNeID"),
    (IdentityCheck.RECEIPT.value, "Giấy tiếp nhận hồ sơ và hẹn trả kết quả"),
    (IdentityCheck.LETTER_OF_INTRODUCTION.value, "Giấy giới thiệu (tổ chức)"),
    (IdentityCheck.PASSPORT.value, "Hộ chiếu"),
    (IdentityCheck.POSTAL_SERVICE.value, "Bưu chính kiểm tra khi giao"),
)
HAND_OVER_WORDS: Mapping[str, str] = {
    **RETURN_WORDS, **dict(RECEIVERS), **dict(PROOFS), **dict(IDENTITY_CHECKS),
    IdentityCheck.ONLINE_ACCOUNT.value: "Tài khoản trực tuyến",
}  # fmt: skip
STATUS_WORDS: Mapping[Status, str] = {
    Status.REGISTERED: "Chờ tiếp nhận",
    Status.RECEIVED: "Đã tiếp nhận",
    Status.REFUSED: "Từ chối tiếp nhận",
    Status.IN_PROCESS: "Đang giải quyết",
    Status.SUPPLEMENT: "Chờ bổ sung giấy tờ",
    Status.PAYMENT: "Chờ nghĩa vụ tài chính",
    Status.WITHDRAWN: "Công dân đã rút",
    Status.HALTED: "Tạm dừng xử lý",
    Status.RESOLVED: "Có kết quả, chờ trả",
    Status.RETURNED: "Đã trả kết quả",
    Status.TERMINATED: "Đã dừng giải quyết",
}
"""As clerks say it; the citizen's words are `queries.words`."""
STATUS_KINDS: Mapping[Status, str] = {
    Status.REGISTERED: "warn",
    Status.SUPPLEMENT: "warn",
    Status.PAYMENT: "warn",
    Status.HALTED: "warn",
    Status.RESOLVED: "good",
    Status.RETURNED: "good",
    Status.REFUSED: "bad",
    Status.TERMINATED: "bad",
}
"""Colours of the badges."""
