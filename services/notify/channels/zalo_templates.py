"""Ids of the registered Zalo templates; overridden by the setting ZALO_TEMPLATE_IDS (a JSON object by kind)."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.types import NoticeKind

TEMPLATE_IDS: Mapping[NoticeKind, str] = {
    NoticeKind.RECEIVED: "300101",
    NoticeKind.SUPPLEMENT: "300102",
    NoticeKind.EXTENDED: "300103",
    NoticeKind.RESOLVED: "300104",
    NoticeKind.RETURNED: "300105",
    NoticeKind.FILED: "300106",
    NoticeKind.REFUSED: "300107",
    NoticeKind.WITHDRAWN: "300108",
    NoticeKind.PAYMENT: "300109",
    NoticeKind.HALTED: "300110",
    NoticeKind.DUE_CHANGED: "300111",
    NoticeKind.TERMINATED: "300112",
}
"""Every kind but one-time codes, which never go by Zalo."""
