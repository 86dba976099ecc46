"""VNPT's ERROR of a call and STATUS of a text by what they mean for us (VNPT SMS Brandname: error table)."""

from __future__ import annotations

from collections.abc import Mapping

from services.notify.domain.results import Fate, Verdict

TOO_FAST = "16"
_CODES: Mapping[Verdict, tuple[str, ...]] = {
    Verdict.TAKEN: ("0",),
    Verdict.ALREADY_TAKEN: ("33",),
    # XML special characters, too long, or a fault of its own: the first two never leave this house
    Verdict.TRANSIENT: ("-1",),
    Verdict.THROTTLED: (TOO_FAST,),
    # several networks in one call, or no number
    Verdict.RECIPIENT: ("23",),
    # 25: network or label do not fit; 26: three advertising texts today, which ours are not
    Verdict.ELSEWHERE: ("25", "26"),
    Verdict.TEMPLATE: ("7", "32"),
    # user, password or IP; contract type, user, contract, label, agent; state of the customer
    Verdict.CONFIGURATION: ("1", "9", "10", "13", "14", "15", "31"),
    Verdict.BILLING: ("20", "21", "22"),
    Verdict.NIGHT: ("8", "12"),
    # schedule, method, length, characters, schedule in the past, blocked word
    Verdict.PAYLOAD: ("2", "3", "11", "17", "24", "30"),
}
VERDICTS: Mapping[str, Verdict] = {code: verdict for verdict, codes in _CODES.items() for code in codes}
FATES: Mapping[str, Fate] = {
    # An exception, which is also all there is to say of a REQID it does not know. Where it does know it, the repeat
    # that follows is refused with 33.
    "-1": Fate.NOT_THERE,
    # "SENT" for customer care: the most VNPT ever says of such a text.
    "0": Fate.DELIVERED,
    "1": Fate.NOT_DELIVERED,
    "2": Fate.ON_ITS_WAY,
    "3": Fate.ON_ITS_WAY,
    "4": Fate.ON_ITS_WAY,
    "5": Fate.ON_ITS_WAY,
    "10": Fate.NO_ANSWER,
}


def verdict_of(code: str) -> Verdict:
    """A code nobody published is asked about, and repeated under the same REQID, which cannot make a second text."""
    return VERDICTS.get(code, Verdict.NO_ANSWER)


def fate_of(status: str) -> Fate:
    """A state nobody published says nothing."""
    return FATES.get(status, Fate.NO_ANSWER)
