"""What was registered with VNPT beforehand: a text per kind of notice, with numbered gaps for its parameters.

VNPT takes a template and its parameters, never a text. The ids are those a service is set up with; a real one comes
from `create_template` and an approval by people.
"""

import re
from dataclasses import dataclass

_GAP = re.compile(r"\{P(\d+)\}")


@dataclass(frozen=True, slots=True)
class VnptTemplate:
    """A registered text; `fields` says what its parameters are, in their order."""

    template_id: str
    kind: str
    content: str
    fields: tuple[str, ...]
    variant: str = ""

    @property
    def total_params(self) -> int:
        """Return the TOTALPARAMS it was registered with."""
        return len(self.fields)

    def render(self, parameters: dict[int, str]) -> str:
        """Return the text on the citizen's screen."""
        return _GAP.sub(lambda gap: parameters[int(gap[1])], self.content)


def gaps_of(content: str) -> set[int]:
    """Return the numbers of the gaps in a text that shall be registered."""
    return {int(number) for number in _GAP.findall(content)}


VNPT_TEMPLATES: tuple[VnptTemplate, ...] = (
    VnptTemplate(
        "700101",
        "received",
        "[MOTCUA] Ho so {P1} da duoc tiep nhan. Thu tuc: {P2}. Hen tra: {P3}.",
        ("dossier_code", "procedure_name", "due_date"),
    ),
    VnptTemplate(
        "700102",
        "supplement",
        "[MOTCUA] Ho so {P1} can bo sung: {P2}. Lien he {P3}.",
        ("dossier_code", "reason", "office_name"),
    ),
    VnptTemplate(
        "700103",
        "extended",
        "[MOTCUA] Ho so {P1} chua xong dung hen, xin loi Ong/Ba. Ly do: {P2}. Hen lai: {P3}.",
        ("dossier_code", "reason", "due_date"),
    ),
    VnptTemplate(
        "700104",
        "resolved",
        "[MOTCUA] Ho so {P1} da co ket qua. Moi nhan tai {P2}.",
        ("dossier_code", "office_name"),
    ),
    VnptTemplate(
        "700105",
        "returned",
        "[MOTCUA] Ho so {P1} da duoc tra ket qua luc {P2}.",
        ("dossier_code", "returned_at"),
    ),
    VnptTemplate(
        "700106",
        "filed",
        "[MOTCUA] Ho so {P1} da nop. Bo phan Mot cua tra loi truoc {P2}. Thu tuc: {P3}.",
        ("dossier_code", "due_date", "procedure_name"),
    ),
    VnptTemplate(
        "700107",
        "refused",
        "[MOTCUA] Ho so {P1} khong duoc tiep nhan. Ly do: {P2}. Lien he {P3}.",
        ("dossier_code", "reason", "office_name"),
    ),
    VnptTemplate(
        "700108",
        "withdrawn",
        "[MOTCUA] Ho so {P1} dung giai quyet tu {P2} vi Ong/Ba da rut. Lien he {P3}.",
        ("dossier_code", "stopped_at", "office_name"),
    ),
    VnptTemplate(
        "700109",
        "payment",
        "[MOTCUA] Ho so {P1} can nop {P2}; nop xong moi tinh tiep thoi han. Lien he {P3}.",
        ("dossier_code", "amount", "office_name"),
    ),
    VnptTemplate(
        "700110",
        "halted",
        "[MOTCUA] Ho so {P1} tam dung xu ly. Ly do: {P2}. Lien he {P3}.",
        ("dossier_code", "reason", "office_name"),
    ),
    VnptTemplate(
        "700111",
        "due_changed",
        "[MOTCUA] Ho so {P1} co ngay hen tra moi: {P2}. Thu tuc: {P3}.",
        ("dossier_code", "due_date", "procedure_name"),
    ),
    VnptTemplate(
        "700112",
        "terminated",
        "[MOTCUA] Ho so {P1} dung giai quyet tu {P2} theo quyet dinh. Moi nhan thong bao tai {P3}.",
        ("dossier_code", "stopped_at", "office_name"),
    ),
    VnptTemplate(
        "700113",
        "returned",
        "[MOTCUA] Ho so {P1} da duoc tra ket qua. Moi Ong/Ba danh gia tai {P2}",
        ("dossier_code", "rating_link"),
        variant="rated",
    ),
    VnptTemplate(
        "700114",
        "one_time_code",
        "[MOTCUA] Ho so {P1} co ma nhan ket qua {P2}, het han luc {P3}. Chi doc ma cho can bo tra ket qua.",
        ("dossier_code", "code", "expires_at"),
        variant="hand_over",
    ),
    VnptTemplate(
        "700115",
        "one_time_code",
        "[MOTCUA] Ho so {P1} co ma tra cuu {P2}, het han luc {P3}. Cung de rut, nhan ket qua: khong dua ai.",
        ("dossier_code", "code", "expires_at"),
        variant="tracking",
    ),
    VnptTemplate(
        "700116",
        "due_soon",
        "[MOTCUA] Ho so {P1} sap den han: {P2}. Thu tuc: {P3}.",
        ("dossier_code", "due_date", "procedure_name"),
    ),
    VnptTemplate(
        "700117",
        "overdue",
        "[MOTCUA] Ho so {P1} da qua han tu {P2}. Thu tuc: {P3}.",
        ("dossier_code", "due_date", "procedure_name"),
    ),
    VnptTemplate(
        "700118",
        "overdue",
        "[MOTCUA] Ho so {P1} cho tra loi qua lau. Thu tuc: {P2}.",
        ("dossier_code", "procedure_name"),
        variant="undated",
    ),
)
FIRST_OWN_ID = 800_001
"""Ids of templates that are registered while the simulator runs begin here."""


class VnptShelf:
    """The templates of the label, those of `create_template` included."""

    def __init__(self) -> None:
        self._templates: dict[str, VnptTemplate] = {}
        self.reset()

    def reset(self) -> None:
        """Return to what was registered beforehand."""
        self._templates = {one.template_id: one for one in VNPT_TEMPLATES}

    def find(self, template_id: object) -> VnptTemplate | None:
        """Return a registered template."""
        return self._templates.get(str(template_id))

    def register(self, content: str, total_params: int) -> str:
        """Register a text and return its id. Here nobody takes two days to approve it."""
        template_id = str(FIRST_OWN_ID + len(self._templates) - len(VNPT_TEMPLATES))
        fields = tuple(f"P{number + 1}" for number in range(total_params))
        self._templates[template_id] = VnptTemplate(template_id, "own", content, fields)
        return template_id
