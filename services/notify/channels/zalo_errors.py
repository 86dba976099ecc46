"""Zalo's error codes by what they mean for us (Zalo ZBS: error codes, "Cách xử lý mã lỗi")."""

from __future__ import annotations

from collections.abc import Mapping

from services.notify.domain.results import Verdict

_CODES: Mapping[Verdict, tuple[int, ...]] = {
    Verdict.TAKEN: (0,),
    # -129, -152: key fetch failed, "try again later".
    Verdict.TRANSIENT: (-100, -129, -152, -200),
    Verdict.THROTTLED: (-32,),
    Verdict.TOKEN: (-124, -216, -220),
    Verdict.RECIPIENT: (-108, -110, -114, -118, -119, -134, -139, -140, -141),
    Verdict.TEMPLATE: (-109, -113, -1131, -117, -131, -145, -146, -249),
    Verdict.CONFIGURATION: (
        -101, -102, -103, -104, -105, -120, -1201, -1202, -1241, -125, -128, -135, -1351, -136, -138, -1381,
    ),
    Verdict.BILLING: (-115, -126, -137),
    Verdict.NIGHT: (-133, -234),
    Verdict.DAY_QUOTA: (-144,),
    Verdict.MONTH_QUOTA: (-1441,),
    Verdict.PAYLOAD: (
        -106, -107, -1091, -111, -112, -1121, -1122, -1123, -1124, -116, -121, -122, -123, -127, -130, -132, -142,
        -143, -148, -149, -1491, -150, -151, -153, -161, -162,
        # Limits of one template or one person, not of the account: this message goes by SMS, the channel stays open.
        -147, -1471, -1472,
    ),
}  # fmt: skip
VERDICTS: Mapping[int, Verdict] = {code: verdict for verdict, codes in _CODES.items() for code in codes}


def verdict_of(code: int) -> Verdict:
    """A code nobody published goes by SMS: repeating what is not understood could send it twice."""
    return VERDICTS.get(code, Verdict.PAYLOAD)
