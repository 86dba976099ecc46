"""SMPP's command_status by what it means for us (SMPP 3.4, section 5.1.3).

A status other than zero says that this submit_sm was not taken, so nothing here leaves a doubt: doubts come only from
answers that are missing.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.notify.domain.results import Verdict

_STATUSES: Mapping[Verdict, tuple[int, ...]] = {
    Verdict.TAKEN: (0x00,),
    Verdict.THROTTLED: (0x58,),  # ESME_RTHROTTLED
    # RINVBNDSTS (the session is over and we have not noticed), RSYSERR, RMSGQFUL, RX_T_APPN, RUNKNOWNERR
    Verdict.TRANSIENT: (0x04, 0x08, 0x14, 0x64, 0xFF),
    # RALYBND, RINVSRCADR, RBINDFAIL, RINVPASWD, RINVSYSID, RINVSERTYP, source TON and NPI, RINVSYSTYP
    Verdict.CONFIGURATION: (0x05, 0x0A, 0x0D, 0x0E, 0x0F, 0x15, 0x48, 0x49, 0x53),
    Verdict.RECIPIENT: (0x0B,),  # RINVDSTADR
    # lengths, command, flags, esm_class, RSUBMITFAIL, destination TON and NPI, times, default message, RX_P_APPN,
    # RX_R_APPN, optional parameters, RDELIVERYFAILURE
    Verdict.PAYLOAD: (
        0x01, 0x02, 0x03, 0x06, 0x07, 0x33, 0x34, 0x40, 0x42, 0x43, 0x44, 0x45, 0x50, 0x51, 0x54, 0x55, 0x61, 0x62,
        0x63, 0x65, 0x66, 0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xFE,
    ),
}  # fmt: skip
VERDICTS: Mapping[int, Verdict] = {status: verdict for verdict, statuses in _STATUSES.items() for status in statuses}


def verdict_of(status: int) -> Verdict:
    """Vendors have codes of their own (0x0400 to 0x04FF): refused, for a reason only the operator can tell."""
    return VERDICTS.get(status, Verdict.TRANSIENT)


def bind_verdict_of(status: int) -> Verdict:
    """What a refused bind means. The account or our settings, unless the SMSC says that it is only busy."""
    verdict = verdict_of(status)
    return Verdict.TRANSIENT if verdict in (Verdict.TRANSIENT, Verdict.THROTTLED) else Verdict.CONFIGURATION


def code_of(status: int) -> str:
    """How a status is written in records and logs."""
    return f"0x{status:02x}"
