"""The columns of a register by the names that books give them, in any order and spelling.

Sổ theo dõi hồ sơ: form 06 (TT 01/2018/TT-VPCP), form 07 (TT 03/2025/TT-VPCP, Phụ lục I); offices add columns of theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from contracts.problems import Invalid
from services.intake.search_words import folded
from services.intake.tables import Row, Table


class Column(StrEnum):
    """What a register says of a dossier; the value is the name by which people are told of it."""

    NUMBER = "STT"
    BOOK = "Quyển số"
    CODE = "Mã hồ sơ"
    PROCEDURE_CODE = "Mã TTHC"
    PROCEDURE_NAME = "Tên TTHC"
    NAME = "Tên tổ chức, cá nhân"
    ID_NUMBER = "Số định danh"
    ADDRESS = "Địa chỉ"
    PHONE = "SĐT"
    ADDRESS_AND_PHONE = "Địa chỉ/SĐT"
    RECEIVED = "Ngày nhận"
    DUE = "Hẹn trả"
    RESOLVED = "Ngày có kết quả"
    OUTCOME = "Kết quả"
    RETURNED = "Ngày trả"
    METHOD = "Phương thức nhận"


_NAMES: Mapping[Column, tuple[str, ...]] = {
    Column.NUMBER: ("stt", "tt", "so tt", "so thu tu"),
    Column.BOOK: ("quyen so", "quyen", "so quyen"),
    Column.CODE: ("ma ho so", "ma so ho so", "so ho so", "ma hs"),
    Column.PROCEDURE_CODE: ("ma tthc", "ma thu tuc", "ma thu tuc hanh chinh", "ma so tthc"),
    Column.PROCEDURE_NAME: ("ten tthc", "ten thu tuc", "ten thu tuc hanh chinh", "thu tuc hanh chinh", "tthc"),
    Column.NAME: (
        "ten to chuc ca nhan",
        "ten ca nhan to chuc",
        "to chuc ca nhan",
        "ca nhan to chuc",
        "ho ten",
        "ho va ten",
        "ho ten nguoi nop",
        "nguoi nop",
        "nguoi nop ho so",
        "chu ho so",
    ),
    Column.ID_NUMBER: (
        "so dinh danh",
        "so dinh danh ca nhan",
        "so dinh danh ca nhan to chuc",
        "cccd",
        "so cccd",
        "cmnd cccd",
        "so cmnd cccd",
        "cccd cmnd",
        "ma so thue",
        "cccd mst",
    ),
    Column.ADDRESS: ("dia chi",),
    Column.PHONE: ("sdt", "so dt", "dien thoai", "so dien thoai"),
    Column.ADDRESS_AND_PHONE: ("dia chi sdt", "dia chi so dien thoai", "dia chi dien thoai", "dia chi so dt"),
    Column.RECEIVED: ("ngay nhan", "nhan ho so", "ngay nhan ho so", "ngay tiep nhan", "thoi gian nhan", "ngay nop"),
    Column.DUE: ("hen tra", "ngay hen tra", "hen tra ket qua", "ngay hen tra ket qua", "thoi gian hen tra"),
    Column.RESOLVED: (
        "ngay co ket qua",
        "co ket qua",
        "ngay giai quyet",
        "ngay giai quyet xong",
        "ngay ket thuc xu ly",
    ),
    Column.OUTCOME: ("ket qua", "ket qua giai quyet"),
    Column.RETURNED: ("ngay tra", "tra ket qua", "ngay tra ket qua", "thoi gian tra"),
    Column.METHOD: (
        "phuong thuc nhan",
        "phuong thuc nhan ket qua",
        "hinh thuc nhan",
        "hinh thuc nhan ket qua",
        "hinh thuc tra",
    ),
}
_BY_NAME = {name: column for column, names in _NAMES.items() for name in names}
DECIMALS = dict.fromkeys(("mã_tthc", "ma_tthc", "mã_thủ_tục", "ma_thu_tuc", "mã_thủ_tục_hành_chính"), 6)
"""`2.001040` typed into a sheet is the number 2.00104."""
MOST_SHOWN = 200


def is_header(names: Sequence[str]) -> bool:
    """Whether a line names columns of a register: books have a title and the office's name above them."""
    return len(set(_known(names))) >= 3


class Columns:
    """Which column of a table is which."""

    def __init__(self, table: Table) -> None:
        """Raises: Invalid `column-missing`, `column-repeated`."""
        self._names: dict[Column, str] = {}
        for name in sorted(table.columns):
            column = _BY_NAME.get(folded(name))
            if column is None:
                continue
            if column in self._names:
                words = f"{table.said}Hai cột cùng là “{column.value}”. Hãy chỉ giữ một."
                raise Invalid("column-repeated", words)
            self._names[column] = name
        self._require(table, Column.NAME)
        self._require(table, Column.RECEIVED)
        self._require(table, Column.CODE, Column.NUMBER)
        self._require(table, Column.PROCEDURE_CODE, Column.PROCEDURE_NAME)

    def text(self, row: Row, column: Column) -> str:
        """The cell; empty where cell or column is missing, or a stroke stands for nothing."""
        name = self._names.get(column)
        return "" if name is None or not row[name].strip("-–—") else row[name]

    def _require(self, table: Table, *one_of: Column) -> None:
        if not any(column in self._names for column in one_of):
            wanted = " hoặc ".join(f"“{column.value}”" for column in one_of)
            there = ", ".join(sorted(table.columns))[:MOST_SHOWN]
            words = f"{table.said}Thiếu cột bắt buộc {wanted}. Các cột đọc được: {there}."
            raise Invalid("column-missing", words, columns=[column.value for column in one_of])


def _known(names: Iterable[str]) -> list[Column]:
    return [column for name in names if (column := _BY_NAME.get(folded(name))) is not None]
