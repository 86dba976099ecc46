"""What is wrong with a template: everything at once, so that a person corrects it once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from contracts.types import NoticeKind
from services.notify.domain.sms_text import is_gsm7, parts, unaccented
from services.notify.templates.domain.content import Content, SmsPart, VnptPart, ZaloParam, ZaloPart
from services.notify.templates.domain.render import SHORTEST_FIELD
from services.notify.templates.domain.text import STARTS, filled, literal, names_in
from services.notify.templates.domain.values import CASES, PREFIX, STANDS_FOR, VALUES, available, certain, required
from services.notify.templates.domain.zalo_types import LINK, MOMENT, MONEY, OTP, ZALO_TYPES

MOST_PARTS = 3
"""Parts that one text may cost with the longest values: 459 characters, 201 with accents."""
_OWN_FORM = frozenset({MOMENT, OTP, LINK, MONEY})
_FREE = frozenset({"procedure_name", "reason"})
"""Words of others: any character can be in them."""
_TEMPLATE_ID = re.compile(r"[0-9A-Za-z]{1,32}")
_ZALO_NAME = re.compile(r"[0-9A-Za-z_]{1,64}")


@dataclass(frozen=True)
class Fault:
    """One thing to correct."""

    slug: str
    where: str
    """`sms.text`, `zalo.params.2.type`, `cases.rated.vnpt.params`."""
    reason: str


def faults(kind: NoticeKind, content: Content, prefix: str) -> list[Fault]:
    """In the order of the template.

    Args:
        prefix: what texts begin with here; it counts.
    """
    return list(_faults(kind, content, prefix))


def _faults(kind: NoticeKind, content: Content, prefix: str) -> Iterator[Fault]:
    if content.base.sms is None:
        yield Fault("template-text-missing", "sms", "Mẫu tin phải có phần sms.")
    for case, said in content.all():
        at = f"cases.{case}." if case else ""
        own = content.cases[case] if case else content.base
        if case and case not in CASES.get(kind, {}):
            known = ", ".join(CASES.get(kind, {})) or "không có"
            yield Fault("template-case-unknown", f"cases.{case}", f"Loại tin này không có trường hợp đó: {known}.")
            continue
        if case and not (own.sms or own.zalo or own.vnpt):
            yield Fault("template-case-empty", f"cases.{case}", "Trường hợp không nói gì khác: hãy bỏ đi.")
        look = _Look(kind, case, frozenset(content.cases), prefix)
        # What a case takes over from the base is judged there, unless something is lacking in the case.
        lacking = available(kind) != available(kind, case)
        if said.zalo is not None and (own.zalo is not None or lacking):
            yield from look.zalo(f"{at}zalo", said.zalo)
        if said.sms is not None and (own.sms is not None or lacking):
            yield from look.sms(f"{at}sms", said.sms)
        if said.vnpt is not None and (own.vnpt is not None or lacking):
            yield from look.vnpt(f"{at}vnpt", said.vnpt)


@dataclass(frozen=True)
class _Look:
    """Judges what is said in one case of one kind."""

    kind: NoticeKind
    case: str
    cases: frozenset[str]
    prefix: str

    def sms(self, at: str, sms: SmsPart) -> Iterator[Fault]:
        yield from self._text(f"{at}.text", sms.text)
        strange = sorted({letter for letter in literal(sms.text) if not (letter.isascii() and is_gsm7(letter))})
        if strange:
            words = f"Tin không dấu có ký tự ngoài bảng chữ không dấu: {_listed(strange)}."
            yield Fault("template-not-plain", f"{at}.text", words)
        if sms.accented:
            yield from self._text(f"{at}.accented", sms.accented)
        elif sms.send_accented:
            yield Fault("template-text-missing", f"{at}.accented", "Muốn gửi tin có dấu thì phải có văn bản có dấu.")
        sent = (
            ((f"{at}.accented", sms.accented),) if sms.accented and sms.send_accented else ((f"{at}.text", sms.text),)
        )
        for where, text in sent:
            yield from self._length(where, text, sms.flexible, accents=where.endswith(".accented"))
        if sms.flexible:
            yield from self._flexible(f"{at}.flexible", sms)

    def _text(self, at: str, text: str) -> Iterator[Fault]:
        if not text:
            yield Fault("template-text-missing", at, "Chưa có văn bản.")
            return
        if not text.startswith(STARTS) or names_in(text).count(PREFIX) != 1:
            words = f"Văn bản phải bắt đầu bằng {STARTS}, và chỉ một lần: nhà mạng đăng ký mẫu tin có phần đầu đó."
            yield Fault("template-prefix-missing", at, words)
        if set("{}") & set(literal(text)):
            words = "Ngoặc nhọn chỉ dùng cho giá trị, viết như {dossier_code}."
            yield Fault("template-placeholder-malformed", at, words)
        names = [name for name in names_in(text) if name != PREFIX]
        yield from self._names(at, names)
        yield from self._missing(at, names)

    def _names(self, at: str, names: Iterable[str]) -> Iterator[Fault]:
        """Values that are not there, or not always."""
        known = available(self.kind, self.case)
        for name in dict.fromkeys(names):
            if name not in known:
                yield self._unknown(at, name)
            elif name not in certain(self.kind, self.case, self.cases):
                words = f"{{{name}}} không phải lúc nào cũng có: chỉ dùng trong trường hợp riêng (cases)."
                yield Fault("template-parameter-uncertain", at, words)

    def _unknown(self, at: str, name: str) -> Fault:
        known = sorted(available(self.kind, self.case))
        near = get_close_matches(name, known, n=1)
        words = f"Loại tin này không có giá trị “{name[:60]}”; có: {', '.join(known)}."
        return Fault("template-parameter-unknown", at, words + (f" Có phải là {near[0]}?" if near else ""))

    def _missing(self, at: str, names: Iterable[str]) -> Iterator[Fault]:
        said = {STANDS_FOR.get(name, name) for name in names}
        for name in sorted(required(self.kind, self.case) - said):
            words = f"Thiếu {{{name}}} ({VALUES[name].words}): loại tin này phải nói điều đó."
            yield Fault("template-parameter-missing", at, words)

    def _length(self, at: str, text: str, flexible: str, *, accents: bool) -> Iterator[Fault]:
        worst = _worst(text, flexible, self.prefix, accents=accents)
        if (count := parts(worst)) > MOST_PARTS:
            words = f"Với giá trị dài nhất, tin này tính {count} tin nhắn; nhiều nhất {MOST_PARTS}. Hãy viết ngắn hơn."
            yield Fault("template-too-long", at, words)

    def _flexible(self, at: str, sms: SmsPart) -> Iterator[Fault]:
        texts = [text for text in (sms.text, sms.accented) if text]
        if sms.flexible not in VALUES or VALUES[sms.flexible].whole:
            words = f"“{sms.flexible[:60]}” không cắt ngắn được: cắt thì sai nghĩa, hoặc không có giá trị này."
            yield Fault("template-flexible-wrong", at, words)
        elif not all(sms.flexible in names_in(text) for text in texts):
            words = f"Giá trị được cắt ngắn {{{sms.flexible}}} phải có trong văn bản."
            yield Fault("template-flexible-wrong", at, words)

    def zalo(self, at: str, zalo: ZaloPart) -> Iterator[Fault]:
        if self.kind is NoticeKind.ONE_TIME_CODE:
            words = "Mã một lần không gửi qua Zalo: Zalo có thể mang đến khi mã đã hết hạn."
            yield Fault("template-channel-not-allowed", at, words)
        if not _TEMPLATE_ID.fullmatch(zalo.template_id):
            words = "Mã mẫu Zalo gồm chữ không dấu và số, như 300101; xem ở trang quản lý ZBS."
            yield Fault("template-id-malformed", f"{at}.template_id", words)
        seen: set[str] = set()
        for number, param in enumerate(zalo.params):
            yield from self._param(f"{at}.params.{number}", param)
            if param.name in seen:
                words = f"Tham số “{param.name[:64]}” có hai lần."
                yield Fault("template-parameter-repeated", f"{at}.params.{number}.name", words)
            seen.add(param.name)
        yield from self._missing(f"{at}.params", [param.source for param in zalo.params])

    def _param(self, at: str, param: ZaloParam) -> Iterator[Fault]:
        if not _ZALO_NAME.fullmatch(param.name):
            words = "Tên tham số gồm chữ không dấu, số và gạch dưới, đúng như đã đăng ký với Zalo."
            yield Fault("template-parameter-malformed", f"{at}.name", words)
        if param.required:
            yield from self._names(f"{at}.{'value' if param.value else 'name'}", [param.source])
        elif param.source not in available(self.kind):
            yield self._unknown(f"{at}.{'value' if param.value else 'name'}", param.source)
        form = ZALO_TYPES.get(param.type)
        if form is None:
            yield Fault("template-type-unknown", f"{at}.type", "Zalo có kiểu tham số từ 1 đến 15.")
            return
        if param.source not in available(self.kind):
            return
        value = VALUES[param.source]
        if param.type not in value.zalo_types and (value.zalo_types or param.type in _OWN_FORM):
            takes = ", ".join(map(str, sorted(value.zalo_types))) or "kiểu văn bản"
            words = f"{value.words} không gửi được bằng kiểu {param.type} ({form.name}); dùng: {takes}."
            yield Fault("template-type-wrong", f"{at}.type", words)
        length = form.max_length if param.max_length is None else param.max_length
        if not value.least <= length <= form.max_length:
            words = (
                f"{value.words} cần từ {value.least} ký tự; kiểu {param.type} ({form.name}) cho nhiều nhất "
                f"{form.max_length}; mẫu ghi {length}."
            )
            yield Fault("template-length-wrong", f"{at}.max_length", words)

    def vnpt(self, at: str, vnpt: VnptPart) -> Iterator[Fault]:
        if not _TEMPLATE_ID.fullmatch(vnpt.template_id):
            words = "Mã mẫu VNPT gồm chữ không dấu và số."
            yield Fault("template-id-malformed", f"{at}.template_id", words)
        yield from self._names(f"{at}.params", vnpt.params)
        yield from self._missing(f"{at}.params", vnpt.params)


def _worst(text: str, flexible: str, prefix: str, *, accents: bool) -> str:
    """The text at its longest: free words as characters that count twice, the flexible one cut as far as it may be."""
    values = {PREFIX: prefix if accents else unaccented(prefix)}
    for name in names_in(text):
        if name in VALUES:
            value = VALUES[name]
            length = min(value.longest, SHORTEST_FIELD + 3) if name == flexible else value.longest
            wide, narrow = ("\U0001f600", "ạ") if accents else ("[", "0")
            values[name] = (wide if name in _FREE else narrow) * length
    return filled(text, {name: values.get(name, "") for name in names_in(text)})


def _listed(letters: Iterable[str]) -> str:
    return " ".join(letter if letter.isprintable() else f"U+{ord(letter):04X}" for letter in letters)
