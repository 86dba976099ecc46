"""What a file is and whether it can be read is found in its content, never in its name or in what was declared."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader

from contracts.problems import Invalid
from services.intake.attachments.file_types import (
    EXTENSIONS,
    HEAD,
    HEIC,
    JPEG,
    LONGEST_NAME,
    PDF,
    PNG,
    content_type,
    file_name,
    sniff,
)
from services.intake.attachments.readable import MOST_PIXELS, MOST_SCANS, VIEW_SIDE, as_jpeg, require_readable
from tests.unit.intake.file_fixtures import (
    ALL,
    EXE,
    cut,
    good,
    pdf,
    pdf_encrypted_in_an_unknown_way,
    photo,
    png_bomb,
)


def refused(content: bytes, kind: str) -> str:
    with pytest.raises(Invalid) as caught:
        require_readable(content, kind)
    return caught.value.slug


def not_taken(head: bytes, declared: str | None) -> str:
    with pytest.raises(Invalid) as caught:
        content_type(head, declared)
    return caught.value.slug


class TestType:
    @pytest.mark.parametrize("kind", ALL)
    @pytest.mark.parametrize("declared", [None, "", "application/octet-stream", "same"])
    def test_each_type_is_found_in_its_first_bytes(self, kind: str, declared: str | None) -> None:
        assert content_type(good(kind)[:HEAD], kind if declared == "same" else declared) == kind

    @pytest.mark.parametrize(
        ("kind", "declared"),
        [(JPEG, "image/jpg"), (HEIC, "image/heif"), (PDF, "Application/PDF; charset=binary"), (JPEG, "image/pjpeg")],
    )
    def test_other_names_of_the_same_type_are_no_difference(self, kind: str, declared: str) -> None:
        assert content_type(good(kind)[:HEAD], declared) == kind

    @pytest.mark.parametrize("kind", ALL)
    @pytest.mark.parametrize("declared", ALL)
    def test_content_that_is_not_what_was_declared_is_refused(self, kind: str, declared: str) -> None:
        if kind != declared:
            assert not_taken(good(kind)[:HEAD], declared) == "file-type-differs"

    def test_a_program_that_was_renamed_is_refused(self) -> None:
        assert not_taken(EXE, PDF) == "file-type-differs"
        assert not_taken(EXE, "application/x-msdownload") == "file-type-unknown"
        assert not_taken(EXE, None) == "file-type-unknown"

    @pytest.mark.parametrize(
        "content",
        [
            b"PK\x03\x04" + bytes(60),
            b"GIF89a" + bytes(60),
            b"<html><script>",
            b"%!PS-Adobe",
            b"RIFF\x00\x00\x00\x00WEBPVP8 ",
            b"\x00\x00\x00\x20ftypavif\x00\x00\x00\x00avifmif1miafMA1B",
            b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom",
            b"   ",
            b"P",
        ],
    )
    def test_other_types_are_refused(self, content: bytes) -> None:
        assert not_taken(content, None) == "file-type-unknown"

    def test_a_program_that_hides_a_pdf_mark_behind_its_own_is_no_pdf(self) -> None:
        assert sniff(b"MZ\x90\x00%PDF-1.7") is None

    def test_a_mark_of_byte_order_before_a_pdf_is_let_pass(self) -> None:
        assert sniff(b"\xef\xbb\xbf\r\n%PDF-1.4") == PDF

    def test_nothing_is_refused_as_empty(self) -> None:
        assert not_taken(b"", PDF) == "file-empty"

    @given(st.binary(max_size=HEAD))
    def test_no_bytes_at_all_break_the_search(self, head: bytes) -> None:
        assert sniff(head) in (None, *ALL)


class TestReading:
    @pytest.mark.parametrize("kind", ALL)
    def test_a_whole_file_is_taken(self, kind: str) -> None:
        require_readable(good(kind), kind)

    @pytest.mark.parametrize("kind", ALL)
    @pytest.mark.parametrize("part", [0.05, 0.3, 0.7, 0.97])
    def test_a_cut_off_file_is_refused(self, kind: str, part: float) -> None:
        content = pdf(20) if kind == PDF else good(kind)
        assert refused(cut(content, part), kind) == "file-unreadable"

    @pytest.mark.parametrize("kind", ALL)
    def test_only_the_signature_is_not_a_file(self, kind: str) -> None:
        assert refused(good(kind)[:16], kind) == "file-unreadable"

    @pytest.mark.parametrize("kind", [PNG, JPEG, HEIC])
    def test_rubbish_behind_a_signature_is_refused(self, kind: str) -> None:
        assert refused(good(kind)[:24] + b"\xa5" * 5000, kind) == "file-unreadable"

    def test_a_pdf_that_was_added_to_and_then_cut_off_is_not_taken_as_it_was_before(self) -> None:
        """Readers fall back to the older end mark and show the older pages."""
        added = pdf() + b"\n99 0 obj\n<< /Length 9000 >>\nstream\n" + b"x" * 5000
        assert len(PdfReader(io.BytesIO(added)).pages) == 1
        assert refused(added, PDF) == "file-unreadable"

    def test_a_png_that_lacks_only_its_end_is_refused(self) -> None:
        assert refused(good(PNG)[:-12], PNG) == "file-unreadable"

    def test_one_changed_byte_in_a_png_is_found(self) -> None:
        content = bytearray(good(PNG))
        content[len(content) // 2] ^= 0xFF
        assert refused(bytes(content), PNG) == "file-unreadable"

    def test_a_pdf_without_a_page_is_refused(self) -> None:
        assert refused(pdf(0), PDF) == "file-unreadable"

    def test_a_pdf_mark_with_an_end_mark_and_nothing_between_is_refused(self) -> None:
        assert refused(b"%PDF-1.7\n" + b"x" * 3000 + b"\n%%EOF\n", PDF) == "file-unreadable"

    def test_a_locked_pdf_is_refused_with_what_to_do(self) -> None:
        assert refused(pdf(password="secret"), PDF) == "file-encrypted"

    def test_a_pdf_that_only_forbids_printing_is_locked_too(self) -> None:
        assert refused(pdf(password=""), PDF) == "file-encrypted"

    def test_a_pdf_locked_in_a_way_that_is_not_supported_is_locked_all_the_same(self) -> None:
        assert refused(pdf_encrypted_in_an_unknown_way(), PDF) == "file-encrypted"

    def test_a_small_file_that_would_be_a_huge_picture_is_refused_before_it_is_unpacked(self) -> None:
        bomb = png_bomb()
        assert len(bomb) < 100_000
        assert refused(bomb, PNG) == "image-too-large"

    def test_a_picture_just_over_the_limit_is_refused(self) -> None:
        side = int(MOST_PIXELS**0.5) + 1
        assert refused(png_bomb(side, side), PNG) == "image-too-large"

    @given(st.binary(max_size=300), st.sampled_from(ALL))
    def test_whatever_the_bytes_a_refusal_is_all_that_comes_out(self, content: bytes, kind: str) -> None:
        assert refused(good(kind)[:20] + content, kind) in {"file-unreadable", "file-encrypted", "image-too-large"}


class TestViewing:
    @pytest.mark.parametrize("kind", [HEIC, PNG, JPEG])
    def test_an_image_becomes_a_jpeg_of_its_size(self, kind: str) -> None:
        with Image.open(io.BytesIO(as_jpeg(good(kind), kind))) as image:
            assert (image.format, image.size) == ("JPEG", (320, 240))

    @pytest.mark.parametrize("kind", [HEIC, JPEG])
    def test_a_photo_taken_sideways_stands_upright(self, kind: str) -> None:
        with Image.open(io.BytesIO(as_jpeg(photo(kind, orientation=6), kind))) as image:
            assert image.size == (240, 320)
            assert image.getexif().get(0x0112, 1) == 1

    @pytest.mark.parametrize("kind", [HEIC, JPEG])
    def test_where_a_photo_was_taken_does_not_go_into_the_copy(self, kind: str) -> None:
        original = photo(kind, gps=True)
        with Image.open(io.BytesIO(original)) as image:
            assert image.getexif().get_ifd(0x8825)
        copy = as_jpeg(original, kind)
        with Image.open(io.BytesIO(copy)) as image:
            assert not dict(image.getexif())

    def test_a_huge_photo_is_shown_smaller(self) -> None:
        out = io.BytesIO()
        Image.new("L", (VIEW_SIDE * 2, VIEW_SIDE)).save(out, "PNG")
        with Image.open(io.BytesIO(as_jpeg(out.getvalue(), PNG))) as image:
            assert image.size == (VIEW_SIDE, VIEW_SIDE // 2)

    def test_a_picture_with_transparency_can_be_shown(self) -> None:
        out = io.BytesIO()
        Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(out, "PNG")
        assert as_jpeg(out.getvalue(), PNG).startswith(b"\xff\xd8")

    def test_what_cannot_be_read_cannot_be_shown(self) -> None:
        with pytest.raises(Invalid) as caught:
            as_jpeg(cut(good(HEIC)), HEIC)
        assert caught.value.slug == "file-unreadable"


class TestName:
    @pytest.mark.parametrize(
        ("stated", "kind", "name"),
        [
            ("Giấy khai sinh.pdf", PDF, "Giấy khai sinh.pdf"),
            ("IMG_0001.HEIC", HEIC, "IMG_0001.heic"),
            ("ảnh.jpeg", JPEG, "ảnh.jpeg"),
            ("ảnh.png", JPEG, "ảnh.png.jpg"),
            ("don.pdf.exe", PDF, "don.pdf.exe.pdf"),
            ("khong duoi", PDF, "khong duoi.pdf"),
            ("../../etc/passwd", PDF, "passwd.pdf"),
            ("C:\\Users\\dan\\don.pdf", PDF, "don.pdf"),
            ("a\r\nSet-Cookie: x.pdf", PDF, "aSet-Cookie: x.pdf"),
            ("don\u202efdp.exe", PDF, "donfdp.exe.pdf"),
            ("Gia\u0302\u0301y.pdf", PDF, "Giấy.pdf"),
            ("...", PNG, "giay-to-2.png"),
            ("", PNG, "giay-to-2.png"),
            (None, PDF, "giay-to-2.pdf"),
            (".pdf", PDF, "giay-to-2.pdf"),
            ("\ud800.pdf", PDF, "giay-to-2.pdf"),
        ],
    )
    def test_a_name_is_made_harmless_and_ends_as_the_content_does(
        self, stated: str | None, kind: str, name: str
    ) -> None:
        assert file_name(stated, kind, "giay-to-2") == name

    @given(st.text(max_size=400), st.sampled_from(ALL))
    def test_every_name_is_short_and_safe(self, stated: str, kind: str) -> None:
        name = file_name(stated, kind, "tep")
        assert len(name) <= LONGEST_NAME + 1
        assert name.endswith(EXTENSIONS[kind])
        assert not set(name) & set("/\\\r\n\0")
        assert not name.startswith(".")
        assert name.encode()


def test_a_photo_of_endless_scans_is_refused_before_it_is_decoded() -> None:
    out = io.BytesIO()
    Image.new("RGB", (64, 64)).save(out, "JPEG", progressive=True)
    whole = out.getvalue()
    require_readable(whole, JPEG)
    last_scan = whole[whole.rindex(b"\xff\xda") : -2]
    few, many = (whole[:-2] + last_scan * times + b"\xff\xd9" for times in (50, MOST_SCANS))
    require_readable(few, JPEG)
    assert refused(many, JPEG) == "file-unreadable"
