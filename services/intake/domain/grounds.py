"""Only coded grounds and reasons are taken from a desk: what a clerk chooses from, what a slip prints."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.problems import Invalid
from contracts.reasons import REFUSAL_GROUNDS, SUPPLEMENT_REASONS


def check_grounds(grounds: Iterable[str]) -> None:
    """Raises: Invalid `ground-unknown`: a refusal without a coded ground is no refusal (NĐ 61/2018 Art 17.1.b)."""
    for ground in grounds:
        if ground not in REFUSAL_GROUNDS:
            raise Invalid("ground-unknown", f"Không có căn cứ từ chối `{ground}`.", known=sorted(REFUSAL_GROUNDS))


def check_reasons(reasons: Iterable[str]) -> None:
    """Raises: Invalid `reason-unknown`."""
    for reason in reasons:
        if reason not in SUPPLEMENT_REASONS:
            raise Invalid("reason-unknown", f"Không có lý do bổ sung `{reason}`.", known=sorted(SUPPLEMENT_REASONS))
