"""The file of officers' contacts: taken whole or refused whole, with the line and never the phone."""

from __future__ import annotations

import pytest

from contracts.problems import Invalid
from contracts.types import NoticeChannel, NoticeKind
from services.notify.officers.read import MOST_ROWS, read_officers

HEADER = "unit,label,phone,channel,kinds\n"
GOOD = HEADER + "H12.970,Trưởng phòng,0901234567,zalo,due_soon;overdue\nH12.970,Chuyên viên,0901234568,sms,quá hạn\n"


def refused(text: str) -> Invalid:
    with pytest.raises(Invalid) as caught:
        read_officers(text.encode())
    return caught.value


def faults(text: str) -> list[tuple[int, str]]:
    found = refused(text).facts["faults"]
    assert isinstance(found, list)
    return [(fault["line"], fault["slug"]) for fault in found]


def test_a_file_is_read_by_unit_in_its_order() -> None:
    units = read_officers(GOOD.encode())
    first, second = units["H12.970"]
    assert (first.label, first.phone, first.channel) == ("Trưởng phòng", "84901234567", NoticeChannel.ZALO)
    assert first.kinds == (NoticeKind.DUE_SOON, NoticeKind.OVERDUE)
    assert (second.channel, second.kinds) == (NoticeChannel.SMS, (NoticeKind.OVERDUE,))


def test_vietnamese_names_semicolons_a_byte_order_mark_and_a_lost_zero_are_taken() -> None:
    text = "\ufeffĐơn vị;Chức danh;Số điện thoại\r\nh12.970;Trưởng phòng;901234567\r\n;;\r\n"
    [entry] = read_officers(text.encode())["H12.970"]
    assert (entry.phone, entry.channel) == ("84901234567", NoticeChannel.ZALO)
    assert set(entry.kinds) == {NoticeKind.DUE_SOON, NoticeKind.OVERDUE}


@pytest.mark.parametrize(
    ("row", "slug"),
    [
        ("h 12,Trưởng phòng,0901234567,,", "unit-code-malformed"),
        ("H12.970,,0901234567,,", "officer-label-missing"),
        ("H12.970,Ông A 0901234567,0901234567,,", "officer-label-unfit"),
        ("H12.970,Trưởng phòng,02438220000,,", "phone-not-mobile"),
        ("H12.970,Trưởng phòng,\"9,01E+08\",,", "phone-not-mobile"),
        ("H12.970,Trưởng phòng,0901234567,fax,", "officer-channel-unknown"),
        ("H12.970,Trưởng phòng,0901234567,,mọi thứ", "officer-kind-unknown"),
        ("H12.970,Trưởng phòng,0901234567,,received", "officer-kind-unknown"),
        ("H12.970,Trưởng phòng,0901234567,,,thừa", "cell-unexpected"),
    ],
)  # fmt: skip
def test_a_faulty_line_is_named_with_its_slug(row: str, slug: str) -> None:
    error = refused(f"{HEADER}H12,Văn thư,0901234560,,\n{row}\n")
    assert error.slug == "officers-refused"
    assert faults(f"{HEADER}H12,Văn thư,0901234560,,\n{row}\n") == [(3, slug)]
    assert "234567" not in f"{error.message}{error.facts}"


def test_a_phone_is_given_once_in_a_unit_and_again_in_another() -> None:
    twice = f"{HEADER}H12,A,0901234567,,\nH12,B,+84 90 123 4567,,\nH13,C,0901234567,,\n"
    assert faults(twice) == [(3, "officer-phone-repeated")]
    assert len(read_officers(twice.replace("H12,B", "H14,B").encode())) == 3


def test_a_unit_has_only_so_many() -> None:
    rows = "".join(f"H12,Chuyên viên,09012345{n:02d},,\n" for n in range(21))
    assert faults(HEADER + rows) == [(22, "officers-too-many")]


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("", "file-empty"),
        (HEADER, "file-empty"),
        ("unit,label\nH12,A\n", "column-missing"),
        ("unit,label,phone,unit\n", "column-repeated"),
        ("H12.970,Trưởng phòng,0901234567\n", "column-unknown"),
        (HEADER + 'H12,"A,0901234567\n', "file-malformed"),
        ("x" * (1024 * 1024 + 1), "file-too-big"),
        (HEADER + "H12,A,1,,\n" * (MOST_ROWS + 1), "file-too-long"),
    ],
)
def test_what_is_no_such_file_is_said_without_quoting_it(text: str, slug: str) -> None:
    error = refused(text)
    assert error.slug == slug
    assert "0901234567" not in f"{error.message}{error.facts}"


def test_other_encodings_are_named_by_line() -> None:
    with pytest.raises(Invalid) as caught:
        read_officers(HEADER.encode() + "H12,Trưởng,0901234567,,\n".encode("utf-16"))
    assert (caught.value.slug, caught.value.facts["line"]) == ("file-not-utf8", 2)
