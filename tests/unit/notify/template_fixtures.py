"""What the tests of templates share: a filled template, and strategies for whatever a notice may hold."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from contracts.types import CodePurpose, NoticeKind
from services.notify.domain.notice import Notice
from services.notify.templates.defaults import default_templates
from services.notify.templates.domain.content import Content, SmsPart
from services.notify.templates.domain.render import Filled, fill
from services.notify.templates.domain.values import Particulars, case_of, values_of
from services.notify.templates.reading import ContentIn, as_data
from tests.unit.notify.ladder_fixtures import NOON, new_notice

PREFIX = "[MOTCUA] "
NAME = "Cấp giấy phép xây dựng nhà ở riêng lẻ tại đô thị đối với công trình đã được phê duyệt quy hoạch chi tiết"
LINK = "https://mot-cua.example.gov.vn/danh-gia/Zk3vQ9rT2mXw"
ABOUT = Particulars(NAME, "H99.01", code="123456", rating_link=LINK)
BY_ZALO = [kind for kind in NoticeKind if kind is not NoticeKind.ONE_TIME_CODE]


def default(kind: NoticeKind) -> Content:
    return default_templates()[kind].content


def said(notice: Notice, about: Particulars = ABOUT, content: Content | None = None, prefix: str = PREFIX) -> Filled:
    """What a notice says, by the template that the software brings along."""
    return fill(content or default(notice.kind), case_of(notice, about), values_of(notice, about), prefix)


def changed(kind: NoticeKind, **parts: Any) -> Content:
    """The kind's own template with other parts, given as JSON values; None takes a part away."""
    data = {**as_data(default(kind)), **parts}
    return ContentIn.model_validate({name: part for name, part in data.items() if part is not None}).content()


def speaking_accents(content: Content) -> Content:
    """The same, with its text messages sent with accents."""

    def accents(sms: SmsPart | None) -> SmsPart | None:
        return sms and replace(sms, send_accented=True)

    cases = {case: replace(one, sms=accents(one.sms)) for case, one in content.cases.items()}
    return Content(replace(content.base, sms=accents(content.base.sms)), cases)


_syllables = st.one_of(
    st.text(alphabet="aăâbcdđeêghiôơuưạảấỵẶỆ[]~€|–…\n ", min_size=1, max_size=20), st.text(min_size=1)
)
words = st.tuples(_syllables, st.integers(min_value=1, max_value=60)).map(lambda pair: ("x" + pair[0]) * pair[1])
"""Begins with a letter: a text of nothing but marks and spaces has nothing to say. Often long, as cutting needs it."""
loose = st.one_of(
    words.map(lambda text: unicodedata.normalize("NFC", text)),
    words.map(lambda text: unicodedata.normalize("NFD", text)),
)

_units = st.integers(min_value=0, max_value=8).map(lambda levels: ".".join(["H99", *["01"] * levels]))
codes = st.builds("{}-260302-{:0{}d}".format, _units, st.integers(0, 9999), st.integers(4, 8))


@st.composite
def notices(draw: st.DrawFn) -> Notice:
    """Any notice of any kind, with whatever words an event may bring."""
    kind = draw(st.sampled_from(list(NoticeKind)))
    return replace(
        new_notice(kind),
        code=draw(codes),
        items=tuple(draw(st.lists(loose, max_size=4))),
        amount_vnd=draw(st.integers(min_value=0, max_value=1_000_000_000_000)),
        purpose=draw(st.sampled_from(list(CodePurpose))),
        due_at=None if kind is NoticeKind.OVERDUE and draw(st.booleans()) else NOON,
    )


@st.composite
def particulars(draw: st.DrawFn) -> Particulars:
    return Particulars(
        procedure_name=draw(loose),
        counter=draw(st.sampled_from(("H99.01", "H12.970.155.00.01.02.03.04.05.06.07"))),
        code=draw(st.from_regex(r"\A[0-9]{6}\Z")),
        rating_link=draw(st.sampled_from(("", LINK, "https://a.example/" + "b" * 180))),
    )
