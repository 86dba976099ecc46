"""eSMS's CodeResult by what it means for us (eSMS: CodeResult table)."""

from __future__ import annotations

from collections.abc import Mapping

from services.notify.domain.results import Verdict

_CODES: Mapping[Verdict, tuple[str, ...]] = {
    Verdict.TAKEN: ("100",),
    Verdict.ALREADY_TAKEN: ("124", "199"),
    Verdict.TRANSIENT: ("105", "854"),
    Verdict.THROTTLED: ("160",),
    Verdict.RECIPIENT: ("99", "108"),
    # The phone's network has no such brandname there.
    Verdict.ELSEWHERE: ("177",),
    Verdict.TEMPLATE: ("146", "789", "790", "791"),
    Verdict.CONFIGURATION: ("101", "102", "104", "140", "143", "204", "799"),
    Verdict.BILLING: ("103",),
    Verdict.PAYLOAD: (
        "106", "107", "110", "115", "118", "120", "163", "171", "201", "210", "300", "301", "687", "801", "802",
        "851", "852", "853",
    ),
}  # fmt: skip
VERDICTS: Mapping[str, Verdict] = {code: verdict for verdict, codes in _CODES.items() for code in codes}


def verdict_of(code: str) -> Verdict:
    """A code nobody published is asked again under the same RequestId, which cannot make a second text."""
    return VERDICTS.get(code, Verdict.NO_ANSWER)
