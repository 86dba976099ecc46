"""The receipt with the appointment date (giấy tiếp nhận hồ sơ và hẹn trả kết quả, form 01), as plain data."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from services.intake.domain.dossier import Dossier
from services.intake.domain.slip import checklist_at_receipt
from services.intake.queries.track import vietnam_time
from services.intake.slips.contents import limit_text


def receipt(dossier: Dossier) -> dict[str, Any]:
    """What form 01 is made of (TT 03/2025/TT-VPCP, Phụ lục I). It is as it was at registration, whatever came later.

    The form itself, in its order and with names of papers and offices, is `GET /v1/dossiers/{code}/slips/receipt`.
    """
    owner = dossier.applicant
    return {
        "code": dossier.code,
        "counter": dossier.counter,
        "procedure_code": dossier.procedure_code,
        "procedure_version": dossier.procedure_version,
        "procedure_name": dossier.procedure_name,
        "field": dossier.field,
        "mechanism": dossier.mechanism.value,
        "channel": dossier.channel.value,
        "applicant_name": owner.full_name,
        "id_number": owner.id_number,
        "address": owner.address,
        "phone": owner.phone,
        "email": owner.email,
        "submitter_name": dossier.submitter.full_name if dossier.submitter else None,
        "mandated_name": dossier.mandated.full_name if dossier.mandated else None,
        "mandate": asdict(dossier.mandate) if dossier.mandate else None,
        "papers": [{"paper": line.paper, "state": line.state.value} for line in checklist_at_receipt(dossier)],
        "sets": dossier.sets,
        "limit_text": limit_text(dossier),
        "on_the_spot": dossier.on_the_spot,
        "received_at": dossier.received_at,
        "received_text": vietnam_time(dossier.received_at),
        "due_at": dossier.first_due_at,
        "due_text": vietnam_time(dossier.first_due_at) if dossier.first_due_at else None,
        "due_explained": dossier.first_due_explained,
        "return_by": dossier.return_by.value,
        "return_address": dossier.return_address,
        "clerk": dossier.clerk,
        "fee_vnd": dossier.fee_vnd,
        "external_ref": dossier.external_ref,
        "track_path": f"/v1/track/{dossier.code}",
    }
