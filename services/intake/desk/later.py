"""Papers that were asked for arrive, a duty is paid, a dossier is taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from services.intake.bodies import PaymentIn, SupplementIn, WithdrawIn, lines
from services.intake.commands.record_payment import RecordPayment
from services.intake.commands.supplement_dossier import SupplementDossier
from services.intake.commands.withdraw_dossier import WithdrawDossier
from services.intake.desk import papers as papers_form
from services.intake.desk.deeds import Deed
from services.intake.domain.dossier import Dossier
from services.intake.domain.procedure import Paper
from services.intake.domain.status import Action
from services.intake.rights import writing_counters_of
from services.kit.web import forms
from services.kit.web.forms import Form, Typed
from services.kit.web.visit import Visit


class Supplement(Deed):
    """The citizen brought what was asked for."""

    path, action, template = "bo-sung", Action.SUPPLEMENT, "desk/supplement.html"

    def read(self, typed: Typed, papers: Sequence[Paper]) -> Form[SupplementIn]:
        return papers_form.read(SupplementIn, typed, papers)

    async def do(self, visit: Visit, code: str, body: SupplementIn) -> str:
        command = SupplementDossier(code, writing_counters_of(visit.caller), lines(body.checklist))
        changed = await self.office.committer.run(command)
        then = "Thời hạn tính lại từ đầu." if changed.accepted else "Hãy xem lại rồi tiếp nhận."
        return f"Đã nhận giấy tờ bổ sung. {then}"


class RecordReceipt(Deed):
    """What an agency asked for was paid."""

    path, action, template = "nop-tien", Action.RECORD_PAYMENT, "desk/payment.html"
    beside: ClassVar = {"payment-amount-differs": "amount_vnd", "payment-reference-reused": "reference"}

    def first(self, visit: Visit, dossier: Dossier, papers: Sequence[Paper]) -> Mapping[str, str]:
        return {"amount_vnd": str(dossier.payments[-1].amount_vnd)}

    def read(self, typed: Typed, papers: Sequence[Paper]) -> Form[PaymentIn]:
        return papers_form.read(PaymentIn, typed, ())

    async def do(self, visit: Visit, code: str, body: PaymentIn) -> str:
        counters = writing_counters_of(visit.caller)
        await self.office.committer.run(RecordPayment(code, counters, body.amount_vnd, body.reference))
        return "Đã ghi biên lai. Cơ quan giải quyết sẽ tính lại ngày hẹn."


class Withdraw(Deed):
    """The citizen takes it back."""

    path, action, template = "rut", Action.WITHDRAW, "desk/withdraw.html"

    def first(self, visit: Visit, dossier: Dossier, papers: Sequence[Paper]) -> Mapping[str, str]:
        return {"reason": "citizen-request"}

    def read(self, typed: Typed, papers: Sequence[Paper]) -> Form[WithdrawIn]:
        return forms.read(WithdrawIn, typed)

    async def do(self, visit: Visit, code: str, body: WithdrawIn) -> str:
        await self.office.committer.run(WithdrawDossier(code, writing_counters_of(visit.caller), body.reason))
        return "Công dân đã rút hồ sơ. Hãy lập và in thông báo dừng giải quyết."
