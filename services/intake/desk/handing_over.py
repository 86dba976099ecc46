"""The result is handed to the citizen, who signs, or reads out the code sent to the phone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from fastapi import Response

from contracts.problems import Refused
from contracts.types import CodePurpose, HandOverMethod, HandOverProof, IdentityCheck, ReceivedBy
from services.intake.bodies import HandOverIn, require_notices
from services.intake.commands.hand_over_result import HandOverResult
from services.intake.commands.invite import Invite
from services.intake.commands.one_time_codes import IssueCode, Secret
from services.intake.desk import papers as papers_form
from services.intake.desk.deeds import Deed
from services.intake.desk.office import DESK, Office, address_of
from services.intake.domain.dossier import Dossier
from services.intake.domain.procedure import Paper
from services.intake.domain.status import Action
from services.intake.rights import writing_counters_of
from services.kit.web.forms import Form, Typed
from services.kit.web.pages import Pages
from services.kit.web.visit import Visit, VisitDep

_PATH, _CODE_SENT = "tra-ket-qua", "ma"


class HandOverToCitizen(Deed):
    """The last step."""

    path, action, template = _PATH, Action.HAND_OVER, "desk/hand_over.html"
    beside: ClassVar = {
        "one-time-code-wrong": "one_time_code",
        "too-many-tries": "one_time_code",
        "proof-does-not-fit": "proof",
    }

    def first(self, visit: Visit, dossier: Dossier, papers: Sequence[Paper]) -> Mapping[str, str]:
        if dossier.return_by is HandOverMethod.POST:
            return {
                "method": HandOverMethod.POST.value,
                "received_by": ReceivedBy.POSTAL_SERVICE.value,
                "proof": HandOverProof.POSTAL_RECEIPT.value,
            }
        code_sent = _CODE_SENT in visit.request.query_params
        return {
            "method": HandOverMethod.COUNTER.value,
            "received_by": ReceivedBy.OWNER.value,
            "proof": (HandOverProof.ONE_TIME_CODE if code_sent else HandOverProof.SIGNATURE).value,
            "identity_check": IdentityCheck.CITIZEN_CARD.value,
        }

    def read(self, typed: Typed, papers: Sequence[Paper]) -> Form[HandOverIn]:
        form = papers_form.read(HandOverIn, typed, ())
        if form.value is not None and form.value.proof is HandOverProof.ONE_TIME_CODE and not form.value.one_time_code:
            form.wrong("one_time_code", "Hãy nhập mã mà công dân đọc.")  # an empty one would cost them a try
        return form

    async def do(self, visit: Visit, code: str, body: HandOverIn) -> str:
        command = HandOverResult(
            code,
            writing_counters_of(visit.caller),
            body.method,
            body.received_by,
            body.proof,
            body.identity_check,
            body.receiver.receiver() if body.receiver else None,
            body.one_time_code,
            Invite.make(self.office.sealer),
        )
        if body.proof is HandOverProof.ONE_TIME_CODE:
            async with self.office.tries.guess(f"hand-over|{code}"):
                await self.office.committer.run(command)
        else:
            await self.office.committer.run(command)
        return f"Đã trả kết quả hồ sơ {code}."


def add_code_sending(pages: Pages, office: Office) -> None:
    """A code to the citizen's phone, to be read out at the counter."""

    @pages.post(f"/{_PATH}/ma", DESK)
    async def send_code(visit: VisitDep, code: str) -> Response:
        await office.dossier(visit, code)
        require_notices(office.sealer, wanted=True)
        assert office.sealer is not None
        command = IssueCode(code, writing_counters_of(visit.caller), CodePurpose.HAND_OVER, Secret.make(office.sealer))
        try:
            await office.committer.run(command)
        except Refused as refusal:
            # The code sent a moment ago is still good.
            sent = f"?{_CODE_SENT}=1" if refusal.slug == "code-just-sent" else ""
            return await visit.go(address_of(code, _PATH) + sent, refusal.message, "error")
        said = "Đã gửi mã đến điện thoại của công dân. Mã có hiệu lực trong 10 phút."
        return await visit.go(address_of(code, f"{_PATH}?{_CODE_SENT}=1"), said)
