"""Types of parameters of Zalo's templates and their greatest lengths in characters (Zalo ZBS: create a template)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ZaloType:
    """One type as Zalo's console offers it."""

    name: str
    max_length: int


ZALO_TYPES: Mapping[int, ZaloType] = {
    1: ZaloType("tên khách hàng", 30),
    2: ZaloType("số điện thoại", 15),
    3: ZaloType("địa chỉ", 200),
    4: ZaloType("mã số", 30),
    5: ZaloType("nhãn tùy chỉnh", 30),
    6: ZaloType("trạng thái giao dịch", 30),
    7: ZaloType("thông tin liên hệ", 50),
    8: ZaloType("danh xưng", 5),
    9: ZaloType("tên sản phẩm, thương hiệu", 200),
    10: ZaloType("số lượng, số tiền", 20),
    11: ZaloType("thời gian, ngày", 20),
    12: ZaloType("mã OTP", 10),
    13: ZaloType("đường dẫn", 200),
    14: ZaloType("tiền VNĐ", 12),
    15: ZaloType("nội dung chuyển khoản", 90),
}
MOMENT, OTP, LINK, MONEY = 11, 12, 13, 14
"""Types whose values have a form of their own, so that no other value fits."""
