"""What is left of a form whose files are too large to be read."""

from __future__ import annotations

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from services.kit.body_limit import PATIENCE
from services.kit.web.too_large import MOST_FIELDS, MOST_TYPED, TooLarge, fields_alone

LIMIT = 1000
Parts = list[tuple[str, str | None, bytes]]
"""Name, file name or None, content."""


def body(parts: Parts, end: str = "--cut--\r\n") -> bytes:
    found = b""
    for name, file, content in parts:
        named = f'; filename="{file}"' if file is not None else ""
        found += f'--cut\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + content + b"\r\n"
    return found + end.encode()


class _Sent:
    """A request that comes in pieces."""

    def __init__(self, content: bytes, piece: int = 7919, kind: str = "multipart/form-data; boundary=cut") -> None:
        self.pieces = [content[at : at + piece] for at in range(0, len(content), piece)] or [b""]
        self.read, self.gone = 0, False
        self.kind = kind

    async def receive(self) -> Message:
        if not self.pieces:
            return {"type": "http.disconnect"}
        piece = self.pieces.pop(0)
        self.read += len(piece)
        return {"type": "http.request", "body": piece, "more_body": bool(self.pieces) or self.gone}

    async def fields(self, limit: int = LIMIT) -> tuple[dict[str, list[str]], TooLarge]:
        scope = {"type": "http", "method": "POST", "headers": [(b"content-type", self.kind.encode())]}
        return await fields_alone(Request(scope, self.receive), limit)


FILE: tuple[str, str | None, bytes] = ("tep", "a.pdf", b"x" * 3000)


@pytest.mark.parametrize("piece", [1, 13, 10**6])
async def test_fields_before_and_after_the_files_are_kept(piece: int) -> None:
    parts: Parts = [
        ("_csrf", None, b"word"),
        FILE,
        ("khac", "b.jpg", b"y" * 10),
        ("ten", None, "Nguyễn Văn A".encode()),
    ]
    fields, over = await _Sent(body(parts), piece).fields()
    assert fields == {"_csrf": ["word"], "ten": ["Nguyễn Văn A"]}
    assert over == TooLarge("tep", 2)


@given(st.dictionaries(st.text("abc.[]-", min_size=1, max_size=8), st.binary(max_size=200), max_size=8), st.data())
async def test_whatever_is_typed_comes_back(typed: dict[str, bytes], data: st.DataObject) -> None:
    parts: Parts = [(name, None, content) for name, content in typed.items()]
    parts.insert(data.draw(st.integers(0, len(parts))), FILE)
    fields, over = await _Sent(body(parts), data.draw(st.integers(1, 500))).fields()
    assert fields == {name: [content.decode(errors="replace")] for name, content in typed.items()}
    assert over.field == "tep"


async def test_a_file_that_nobody_chose_is_none() -> None:
    _, over = await _Sent(body([("khac", "", b""), FILE])).fields()
    assert over == TooLarge("tep", 1)


async def test_reading_ends_at_some_time() -> None:
    sent = _Sent(body([("a", None, b"1"), ("tep", "a.pdf", b"x" * 50_000), ("b", None, b"2")]), piece=500)
    fields, over = await sent.fields()
    assert (fields, over) == ({"a": ["1"]}, TooLarge("tep", 1))
    assert sent.read <= PATIENCE * LIMIT + 500


async def test_what_is_typed_has_an_end_too() -> None:
    parts: Parts = [("a", None, b"1"), ("b", None, b"x" * (MOST_TYPED + 1)), ("c", None, b"2"), FILE]
    fields, _ = await _Sent(body(parts)).fields(10**6)
    assert fields == {"a": ["1"], "c": ["2"]}
    many: Parts = [("a", None, b"1")] * (MOST_FIELDS + 5)
    fields, _ = await _Sent(body([*many, FILE])).fields(10**6)
    assert len(fields["a"]) == MOST_FIELDS


async def test_a_browser_that_goes_away_and_a_body_that_is_no_form_leave_what_came() -> None:
    going = _Sent(body([("a", None, b"1"), FILE], end=""))
    going.gone = True
    assert (await going.fields())[0] == {"a": ["1"]}
    assert await _Sent(body([("a", None, b"1")]) + b"--cut\rrubbish" * 100).fields() == (
        {"a": ["1"]}, TooLarge("", 0),
    )  # fmt: skip
    for kind in ("application/json", "multipart/form-data"):
        assert await _Sent(b"x" * 2000, kind=kind).fields() == ({}, TooLarge("", 0))


@pytest.mark.parametrize(
    ("most", "files", "words"),
    [
        (10 * 2**20, 1, "Tệp quá lớn (tối đa 10 MB). Hãy chọn tệp nhỏ hơn."),
        (10 * 2**20, 2, "Các tệp gửi cùng lúc quá lớn (tất cả tối đa 50 MB). Hãy gửi từng tệp một."),
        (200_000, 0, "Tệp quá lớn (tối đa 195 KB). Hãy chọn tệp nhỏ hơn."),
    ],
)
def test_it_says_how_much_may_be_sent(most: int, files: int, words: str) -> None:
    assert TooLarge("tep", files).words(most, 50 * 2**20) == words
