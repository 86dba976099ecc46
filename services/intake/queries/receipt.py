"""The receipt with the appointment date (giấy tiếp nhận hồ sơ và hẹn trả kết quả, form 01)."""

from __future__ import annotations

from typing import Any

from services.intake.domain.dossier import Dossier
from services.intake.queries.track import vietnam_time
from services.kit import worktime


def receipt(dossier: Dossier) -> dict[str, Any]:
    """Fields of form 01 (TT 03/2025/TT-VPCP, Phụ lục I). It is as it was at registration, whatever came later."""
    limit = worktime.TimeLimit(dossier.limit_value, worktime.LimitUnit(dossier.limit_unit.value))
    return {
        "code": dossier.code,
        "counter": dossier.counter,
        "procedure_code": dossier.procedure_code,
        "procedure_version": dossier.procedure_version,
        "procedure_name": dossier.procedure_name,
        "field": dossier.field,
        "mechanism": dossier.mechanism.value,
        "channel": dossier.channel.value,
        "applicant_name": dossier.applicant.full_name,
        "sets": dossier.sets,
        "limit_text": limit.label_vi,
        "received_at": dossier.received_at,
        "received_text": vietnam_time(dossier.received_at),
        "due_at": dossier.first_due_at,
        "due_text": vietnam_time(dossier.first_due_at),
        "due_explained": dossier.first_due_explained,
        "fee_vnd": dossier.fee_vnd,
        "external_ref": dossier.external_ref,
        "track_path": f"/v1/track/{dossier.code}",
    }
