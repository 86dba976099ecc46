"""Where a dossier is, and what may be done with it there: two tables."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Status(StrEnum):
    """Words a clerk would say; `PORTAL_STATUS` maps each to the national portal's code."""

    REGISTERED = "registered"
    RECEIVED = "received"
    REFUSED = "refused"
    IN_PROCESS = "in_process"
    SUPPLEMENT = "supplement"
    PAYMENT = "payment"
    WITHDRAWN = "withdrawn"
    HALTED = "halted"
    RESOLVED = "resolved"
    RETURNED = "returned"
    TERMINATED = "terminated"
    """Đình chỉ, dừng giải quyết by decision: no result comes (TT 03/2025 form 05)."""


PORTAL_STATUS: Mapping[Status, int] = {
    Status.REGISTERED: 1,
    Status.RECEIVED: 2,
    Status.REFUSED: 3,
    Status.IN_PROCESS: 4,
    Status.SUPPLEMENT: 5,
    Status.PAYMENT: 6,
    Status.WITHDRAWN: 7,
    Status.HALTED: 8,
    Status.TERMINATED: 8,
    Status.RESOLVED: 9,
    Status.RETURNED: 10,
}
"""trangThaiHoSo (TT 22/2019/TT-BTTTT, Phụ lục I), total. The portal has one status, 8, for what stands still and for
what was stopped for good."""
ENDED = frozenset({Status.REFUSED, Status.WITHDRAWN, Status.TERMINATED, Status.RETURNED})


class Action(StrEnum):
    """What people at the desk do with a dossier."""

    ACCEPT = "accept"
    REQUEST_COMPLETION = "request-completion"
    REFUSE = "refuse"
    SUPPLEMENT = "supplement"
    RECORD_PAYMENT = "payment"
    WITHDRAW = "withdraw"
    HAND_OVER = "hand-over"


ALLOWED: Mapping[Action, frozenset[Status]] = {
    Action.ACCEPT: frozenset({Status.REGISTERED}),
    Action.REQUEST_COMPLETION: frozenset({Status.REGISTERED}),
    # A dossier that waits for papers may be refused only while it is not accepted; `Dossier.may` says so.
    Action.REFUSE: frozenset({Status.REGISTERED, Status.SUPPLEMENT}),
    Action.SUPPLEMENT: frozenset({Status.SUPPLEMENT}),
    Action.RECORD_PAYMENT: frozenset({Status.PAYMENT}),
    # Until a decision or a result notice exists (TT 03/2025/TT-VPCP Art 7).
    Action.WITHDRAW: frozenset(
        {
            Status.REGISTERED,
            Status.RECEIVED,
            Status.IN_PROCESS,
            Status.SUPPLEMENT,
            Status.PAYMENT,
            Status.HALTED,
        }
    ),
    Action.HAND_OVER: frozenset({Status.RESOLVED}),
}
"""The transition table of the desk; what is not named is not allowed."""

REFUSALS: Mapping[Action, tuple[str, str]] = {
    Action.ACCEPT: ("filing-not-waiting", "Hồ sơ này không đang chờ tiếp nhận."),
    Action.REQUEST_COMPLETION: ("filing-not-waiting", "Hồ sơ này không đang chờ tiếp nhận."),
    Action.REFUSE: (
        "refusal-not-possible",
        "Hồ sơ đã tiếp nhận hoặc đã kết thúc nên không từ chối tiếp nhận được nữa.",
    ),
    Action.SUPPLEMENT: ("supplement-not-expected", "Hồ sơ này không đang chờ bổ sung."),
    Action.RECORD_PAYMENT: ("payment-not-expected", "Hồ sơ này không đang chờ thực hiện nghĩa vụ tài chính."),
    Action.WITHDRAW: (
        "withdrawal-not-possible",
        "Hồ sơ đã có quyết định hoặc kết quả, hoặc đã kết thúc, nên không rút được nữa.",
    ),
    Action.HAND_OVER: ("result-not-ready", "Hồ sơ này chưa có kết quả để trả, hoặc đã trả rồi."),
}
"""Slug and sentence when an action is not allowed."""
