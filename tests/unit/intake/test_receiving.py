"""Filings and the desk's answers: every action in every status, requests, refusals, lateness."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from contracts.problems import Conflict, Invalid
from contracts.types import Channel, PaperState
from services.intake.domain import ending, receiving
from services.intake.domain.checklist import Line
from services.intake.domain.dossier import Dossier, Wanted
from services.intake.domain.status import ALLOWED, Action, Status
from tests.unit.intake.dossier_fixtures import AT, DUE, NEW_DUE, dossier

ANSWER_DUE = AT + timedelta(hours=8)
SOON, LATE = AT + timedelta(hours=1), AT + timedelta(hours=9)
ITEMS = (Wanted("Tờ khai", "missing-papers", 1), Wanted("Giấy chứng sinh", "paper-unreadable", 2))


def filing(**changes: object) -> Dossier:
    """A filing that waits for its answer."""
    values = {"due_at": None, "first_due_at": None, "answer_due_at": ANSWER_DUE, "channel": Channel.ONLINE} | changes
    return receiving.file(dossier(Status.REGISTERED, **values))[0]


def asked(supervisor: bool = False, basis: str | None = None, of: Dossier | None = None) -> Dossier:
    return receiving.request_completion(of or filing(), SOON, ITEMS, basis, supervisor=supervisor)[0]


ACTIONS = {
    Action.ACCEPT: lambda of: receiving.accept(of, SOON, DUE, "vì thế"),
    Action.REQUEST_COMPLETION: lambda of: receiving.request_completion(of, SOON, ITEMS, None, supervisor=False),
    Action.REFUSE: lambda of: receiving.refuse(of, SOON, ("not-eligible",)),
    Action.SUPPLEMENT: lambda of: receiving.resubmit(of, SOON, ANSWER_DUE, ()),
    Action.WITHDRAW: lambda of: ending.withdraw(of, SOON, None),
}
AFTER = {
    Action.ACCEPT: Status.RECEIVED,
    Action.REQUEST_COMPLETION: Status.SUPPLEMENT,
    Action.REFUSE: Status.REFUSED,
    Action.SUPPLEMENT: Status.REGISTERED,
    Action.WITHDRAW: Status.WITHDRAWN,
}


@pytest.mark.parametrize(("action", "status"), list(product(ACTIONS, Status)))
def test_every_action_in_every_status_of_a_filing(action: Action, status: Status) -> None:
    before = dossier(status, due_at=None, first_due_at=None, answer_due_at=ANSWER_DUE)
    if status in ALLOWED[action]:
        after, event = ACTIONS[action](before)
        assert after.status is AFTER[action]
        assert after.timeline[-1].kind == event.TYPE.split(".")[-2]
    else:
        with pytest.raises(Conflict) as caught:
            ACTIONS[action](before)
        assert caught.value.facts["state"] == status.value


def test_an_accepted_dossier_cannot_be_refused_at_the_desk_any_more() -> None:
    """NĐ 61/2018/NĐ-CP Art 19.8: from then on a refusal is a result of the agency."""
    with pytest.raises(Conflict) as caught:
        receiving.refuse(dossier(Status.SUPPLEMENT), SOON, ("not-eligible",))
    assert caught.value.slug == "refusal-not-possible"


def test_the_limit_of_a_filing_runs_from_its_acceptance() -> None:
    """NĐ 309/2026/NĐ-CP Art 17.3."""
    after, event = receiving.accept(filing(), SOON, DUE, "vì thế")
    assert (after.received_at, after.filed_at, after.due_at, after.first_due_at) == (SOON, AT, DUE, DUE)
    assert (event.received_at, event.due_at) == (SOON, DUE)
    assert after.contact is None


def test_a_request_without_items_or_with_unknown_reasons_is_no_request() -> None:
    for items, slug in (((), "items-missing"), ((Wanted("Tờ khai", "because"),), "reason-unknown")):
        with pytest.raises(Invalid) as caught:
            receiving.request_completion(filing(), SOON, items, None, supervisor=False)
        assert caught.value.slug == slug


@pytest.mark.parametrize(("supervisor", "basis"), [(False, None), (True, None), (False, "Nghị định X, Điều 1")])
def test_a_second_request_needs_a_supervisor_and_a_legal_basis(supervisor: bool, basis: str | None) -> None:
    """NĐ 61/2018/NĐ-CP Art 11."""
    again = receiving.resubmit(asked(), SOON, ANSWER_DUE, ())[0]
    with pytest.raises(Conflict) as caught:
        asked(supervisor, basis, again)
    assert caught.value.slug == "supplement-already-requested"
    assert len(asked(True, "Nghị định X, Điều 1", again).requests) == 2


def test_what_changed_since_the_request_is_kept_with_it() -> None:
    before = asked(of=filing(checklist=(Line(1, PaperState.MISSING, "missing-papers"), Line(2, PaperState.COPY))))
    after, _ = receiving.resubmit(before, LATE, ANSWER_DUE, (Line(1, PaperState.ORIGINAL), Line(2, PaperState.COPY)))
    [request] = after.requests
    assert request.answered_at == LATE
    assert [(c.paper, c.before, c.after) for c in request.changes] == [(1, PaperState.MISSING, PaperState.ORIGINAL)]
    assert after.checklist[0].state is PaperState.ORIGINAL


@pytest.mark.parametrize(("grounds", "slug"), [((), "ground-missing"), (("because",), "ground-unknown")])
def test_a_refusal_without_a_coded_legal_ground_is_none(grounds: tuple[str, ...], slug: str) -> None:
    """NĐ 61/2018/NĐ-CP Art 17.1.b."""
    with pytest.raises(Invalid) as caught:
        receiving.refuse(filing(), SOON, grounds)
    assert caught.value.slug == slug


@pytest.mark.parametrize("action", [Action.ACCEPT, Action.REQUEST_COMPLETION, Action.REFUSE])
def test_an_answer_that_comes_late_leaves_its_mark(action: Action) -> None:
    """NQ 66.7/2025/NQ-CP Art 8."""
    assert not ACTIONS[action](filing())[0].answer_overdue
    assert ACTIONS[action](filing(answer_due_at=AT + timedelta(minutes=1)))[0].answer_overdue


def test_an_answer_that_does_not_come_is_flagged_once() -> None:
    assert receiving.flag_overdue(filing(), ANSWER_DUE) is None
    flagged = receiving.flag_overdue(filing(), LATE)
    assert flagged is not None
    assert (flagged[0].answer_overdue, flagged[1].answer_due_at) == (True, ANSWER_DUE)
    assert receiving.flag_overdue(flagged[0], LATE) is None
    assert receiving.flag_overdue(asked(), LATE) is None


def test_a_filing_tells_no_personal_data() -> None:
    after, event = receiving.file(dossier(Status.REGISTERED, answer_due_at=ANSWER_DUE, contact="s" * 64))
    text = event.to_json().decode()
    for personal in ("Thử", "096190001234", "0901234567"):
        assert personal not in text
    assert (event.contact, after.filed_at) == ("s" * 64, AT)


def test_a_completed_request_of_an_agency_begins_the_limit_anew() -> None:
    after, event = receiving.supplement(dossier(Status.SUPPLEMENT), SOON, NEW_DUE, "tính lại từ đầu")
    assert (after.due_at, after.first_due_at, event.due_at) == (NEW_DUE, DUE, NEW_DUE)
