"""Slips as pages and as data: any text stays text, nothing is fetched, nothing runs."""

from __future__ import annotations

import re
from dataclasses import replace

import segno
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from services.intake.domain.dossier import Wanted
from services.intake.domain.people import Mandate
from services.intake.domain.slip import PRINTED, Form
from services.intake.slips.control_sheet import hand_overs
from services.intake.slips.letterhead import Letterhead
from services.intake.slips.page import HEADERS, page
from services.intake.slips.sheet import Printer
from tests.unit.intake.dossier_fixtures import APPLICANT, CODE
from tests.unit.intake.slip_samples import (
    DESK_NAME,
    FIRST,
    PAPERS,
    PRINTER,
    accepted,
    asked,
    extended,
    issued,
    refused,
    transferred,
    values,
)

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@given(ANY_TEXT, ANY_TEXT)
def test_whatever_stands_in_a_name_or_an_address_is_text_on_every_page(name: str, address: str) -> None:
    marked = f"<b>\"{name}'</b><script>{name}</script>"
    person = replace(APPLICANT, full_name=marked, address=f"<img src=x onerror={address}>")
    of = accepted(
        applicant=person, submitter=person, mandated=person, mandate=Mandate(marked), clerk=marked,
        procedure_name=marked, field=marked,
    )  # fmt: skip
    pages = [page(PRINTER.printed(form, of, PAPERS)) for form in PRINTED]
    pages.append(page(issued(replace(refused(), applicant=person), Form.REFUSAL)))
    pages.append(page(issued(replace(extended(), applicant=person), Form.APOLOGY)))
    pages.append(
        page(issued(replace(asked((Wanted(marked, "missing-papers"),)), applicant=person), Form.SUPPLEMENT_REQUEST))
    )
    pages.append(page(Printer(Letterhead(marked, marked, {"H12.970.00": marked})).printed(Form.RECEIPT, of, PAPERS)))
    for text in pages:
        tags = set(re.findall(r"<([a-zA-Z!/][a-z0-9]*)", text))
        assert tags <= KNOWN_TAGS, tags - KNOWN_TAGS
    assert str(escape(marked)) in pages[0]


KNOWN_TAGS = {
    "!", "!doctype", "html", "head", "meta", "title", "style", "body", "main", "header", "div", "p", "h1", "span", "ol",
    "li", "svg", "path", "table", "thead", "tbody", "tr", "th", "td", "/html", "/head", "/title", "/style", "/body",
    "/main", "/header", "/div", "/p", "/h1", "/span", "/ol", "/li", "/svg", "/table", "/thead", "/tbody", "/tr", "/th",
    "/td", "/",
}  # fmt: skip


def test_a_page_has_the_header_of_the_state_its_paper_and_the_qr_code_of_its_dossier() -> None:
    text = page(PRINTER.printed(Form.RECEIPT, accepted(), PAPERS))
    for words in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "Ủy ban nhân dân huyện Thử", DESK_NAME,
        '<main class="a5">', "Mẫu số 01", "@page a5 { size: A5 portrait", 'lang="vi"',
    ):  # fmt: skip
        assert words in text, words
    url = f"https://motcua.example.gov.vn/tra-cuu/{CODE}"
    drawn = re.search(
        r' class="qrline" stroke="#000" d="([^"]+)"', segno.make(url, error="m", micro=False).svg_inline()
    )
    assert drawn is not None
    assert f'd="{drawn[1]}"' in text
    assert page(issued(extended(), Form.APOLOGY)).count("<svg") == 0


def test_a_page_fetches_nothing_and_runs_nothing() -> None:
    text = page(PRINTER.printed(Form.RECEIPT, accepted(), PAPERS))
    assert not re.search(r"<(script|link|img|iframe|object|form)\b|url\(|@import| style=| on\w+=", text)
    assert HEADERS["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert HEADERS["Cache-Control"] == "no-store"


def test_without_settings_there_are_lines_to_fill_in_and_codes_for_names() -> None:
    bare = Printer()
    sheet = bare.printed(Form.RECEIPT, accepted(), ())
    assert values(sheet)["office"] == "Bộ phận Một cửa H12.970.00"
    assert sheet.dated_text.startswith("……, ngày")
    assert sheet.track_url == f"http://127.0.0.1:8101/tra-cuu/{CODE}"
    assert sheet.data()["organisation"] is None
    rows = hand_overs(transferred(accepted(), 1, FIRST, 1), bare.letterhead)
    assert rows[0].receiver == f"Cơ quan {FIRST}"


def test_a_slip_as_data_has_the_fields_in_order_and_the_form_it_is_on() -> None:
    data = issued(refused(), Form.REFUSAL).data()
    assert [field["key"] for field in data["fields"]] == [
        "person", "id_number", "address", "phone", "email", "code", "request", "grounds",
    ]  # fmt: skip
    assert {key: data[key] for key in ("form", "form_set", "number", "title", "paper", "symbol", "code", "about")} == {
        "form": "refusal", "form_set": "2025", "number": "03", "title": "Phiếu từ chối tiếp nhận giải quyết hồ sơ",
        "paper": "a5", "symbol": "07/PBS-TTPVHCC", "code": CODE, "about": 1,
    }  # fmt: skip
