"""What a citizen reads: complete, in words, in order, and nothing personal in it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events import intake, routing
from contracts.reasons import DELAY_REASONS, REFUSAL_GROUNDS, STOP_REASONS, SUPPLEMENT_REASONS
from contracts.types import DueCause, HandOverMethod, NoticeChannel, NoticeKind, Outcome, Timeliness
from services.intake.domain import ending, paying, receiving
from services.intake.domain.dossier import Dossier, TimelineEntry, Wanted
from services.intake.domain.ending import FACTS
from services.intake.domain.informed import Informed, Told
from services.intake.domain.people import Applicant, Mandate
from services.intake.domain.reasons import WITHDRAWAL_REASONS, reason_words
from services.intake.domain.status import Status
from services.intake.queries import words
from services.intake.queries.track import citizen_story, story, vietnam_time
from tests.unit.intake.dossier_fixtures import APPLICANT, AT, DUE, NEW_DUE, dossier, fact

OTHER = Applicant("citizen", "Nguyễn Văn B", "096190009999", "0901234001", "Ấp Khác", "b@example.vn")
EVERYBODY: dict[str, Any] = {
    "submitter": OTHER, "mandated": OTHER, "mandate": Mandate("Giấy ủy quyền", "12/UQ"), "clerk": "Trần Thị C",
    "return_address": "Số 1 đường Thử", "external_ref": "REF-77",
}  # fmt: skip
PERSONAL = (
    "Người Nộp Thử", "096190001234", "0901234567", "Ấp Thử", "Nguyễn Văn B", "096190009999", "0901234001", "Ấp Khác",
    "b@example.vn", "12/UQ", "Trần Thị C", "Số 1 đường Thử", "REF-77",
)  # fmt: skip


def told(state: Dossier, now: datetime = AT, *, rated: bool = False) -> dict[str, Any]:
    return citizen_story(state, None, now, rated=rated)


def filed() -> Dossier:
    waits = dossier(Status.REGISTERED, due_at=None, first_due_at=None, answer_due_at=DUE)
    return receiving.file(waits)[0]


def test_every_word_that_can_be_needed_is_there() -> None:
    assert set(words.STATUS_WORDS) == set(Status)
    to_officers = {NoticeKind.DUE_SOON, NoticeKind.OVERDUE}  # never told on `notice.events.v1`
    assert set(words.NOTICE_WORDS) == set(NoticeKind) - to_officers
    assert set(words.CHANNEL_WORDS) == set(NoticeChannel)
    assert set(words.TIMELINESS_WORDS) == set(Timeliness)
    assert set(words.FETCH_RESULT) == set(HandOverMethod)
    assert set(words.ADVICE) == set(Status) - {Status.RESOLVED}
    kinds = {kind.TYPE.split(".")[-2] for kind in FACTS}
    own = {
        intake.DossierRegistered, intake.DossierCompletionRequested, intake.DossierResubmitted,
        intake.DossierAnswerOverdue, intake.DossierSubmitted, intake.DossierRefused, intake.DossierSupplemented,
        intake.DossierWithdrawn, intake.DossierPaid, intake.DossierReturned,
    }  # fmt: skip
    assert kinds | {kind.TYPE.split(".")[-2] for kind in own} | {"terminated"} == set(words.ENTRY_WORDS)
    assert set(words.STEP_WORDS) <= kinds


@pytest.mark.parametrize("status", list(Status))
def test_a_story_has_words_for_every_status_and_no_personal_data(status: Status) -> None:
    state = dossier(status, **EVERYBODY)
    for kind in FACTS:
        state = ending.learn(state, fact(kind))
    at = AT + timedelta(minutes=3)
    informed = Informed((Told("n-1", NoticeKind.RECEIVED, NoticeChannel.ZALO, at, True),))
    for shown in (story(state, informed), citizen_story(state, informed, AT, rated=False)):
        text = json.dumps(shown, default=str, ensure_ascii=False)
        assert not [personal for personal in PERSONAL if personal in text]
        assert shown["status_text"]
        assert shown["status_code"] in range(1, 11)
        assert all(line["text"] != line["kind"] for line in shown["timeline"])
        assert shown["informed"][0]["text"] == "Đã báo đã tiếp nhận hồ sơ lúc 09:03 ngày 23/11/2026 qua Zalo"


@given(st.from_regex(r"zz[a-z]{3,9}(-[a-z]{3,9}){1,3}", fullmatch=True), st.sampled_from(sorted(words.ENTRY_WORDS)))
def test_a_code_is_never_shown_whether_it_is_known_or_not(code: str, kind: str) -> None:
    said = reason_words(kind, code)
    assert said[0].isupper()
    assert code not in said
    state = dossier(timeline=(TimelineEntry(AT, kind, reason=code, due_at=NEW_DUE),), due_at=NEW_DUE)
    assert code not in json.dumps(told(state), default=str, ensure_ascii=False).replace(f'"kind": "{kind}"', "")


def test_every_known_reason_has_words_of_its_own() -> None:
    known = (*SUPPLEMENT_REASONS, *REFUSAL_GROUNDS, *WITHDRAWAL_REASONS, *STOP_REASONS, *DELAY_REASONS)
    for code in (*known, *(cause.value for cause in (DueCause.CLOCK_STARTED, DueCause.CALENDAR_CHANGED))):
        assert reason_words("nothing-known", code) != reason_words("nothing-known", "no-such-code")


INTERNAL = {
    "escalated": fact(routing.DossierEscalated),
    "apology-prepared": fact(routing.DossierApologyPrepared),
    "step-recalled": fact(routing.DossierStepRecalled),
    "due-soon": fact(routing.DossierDueSoon, step=1),
    "overdue": fact(routing.DossierOverdue, step=1),
}


@pytest.mark.parametrize("kind", INTERNAL)
def test_what_agencies_and_desk_settle_among_themselves_is_on_the_desks_story_and_no_news_for_the_citizen(
    kind: str,
) -> None:
    state = ending.learn(dossier(Status.IN_PROCESS), INTERNAL[kind])
    assert [line["kind"] for line in story(state)["timeline"]] == [kind]
    assert told(state)["timeline"] == []
    assert told(state)["late"] is None


@pytest.mark.parametrize("kind", [routing.DossierDueSoon, routing.DossierOverdue])
def test_the_promises_own_time_is_told_to_the_citizen(kind: type[Any]) -> None:
    state = ending.learn(dossier(Status.IN_PROCESS), fact(kind, step=None))
    assert [line["text"] for line in told(state)["timeline"]] == [words.ENTRY_WORDS[kind.TYPE.split(".")[-2]]]


def test_a_finished_step_says_how_it_kept_its_own_time() -> None:
    [line] = story(ending.learn(dossier(), fact(routing.DossierStepCompleted)))["timeline"]
    assert (line["step"], line["timeliness"], line["timeliness_text"]) == (1, Timeliness.EARLY, "trước hạn")


def test_a_dossier_that_was_terminated_says_why_and_that_nothing_is_to_be_collected() -> None:
    ended = fact(routing.DossierResolved, outcome=Outcome.TERMINATED, timeliness="late", ground="papers-not-completed")
    shown = told(ending.learn(dossier(Status.IN_PROCESS), ended), NEW_DUE)
    assert (shown["status_code"], shown["finished"], shown["late"], shown["may"]) == (8, True, None, [])
    assert "Thông báo dừng" in shown["advice"]
    assert shown["timeline"][-1]["reason_text"] == "Không bổ sung đủ giấy tờ trong thời hạn"


class TestPayment:
    def asked(self) -> Dossier:
        return ending.learn(dossier(Status.IN_PROCESS), fact(routing.DossierPaymentRequested, amount_vnd=150_000))

    def test_what_is_to_be_paid_is_shown_and_why(self) -> None:
        shown = told(self.asked(), NEW_DUE)
        assert (shown["payments"][0]["amount_vnd"], shown["payments"][0]["paid_at"]) == (150_000, None)
        assert shown["payments"][0]["amount_text"] == "150.000 đồng"
        assert "tạm dừng" in shown["clock_text"]

    def test_what_the_agency_no_longer_waits_for_is_not_asked_any_more(self) -> None:
        """Paid elsewhere, or its step became needless."""
        goes_on = fact(routing.DossierResumed, kind="payment", occurred_at=AT + timedelta(hours=3))
        assert told(ending.learn(self.asked(), goes_on))["payments"] == []

    def test_between_the_payment_and_the_new_date_nothing_is_said_to_be_late(self) -> None:
        """Routing counts the date; while it is away the old one means nothing."""
        paid, _ = paying.record(self.asked(), AT + timedelta(hours=2), 150_000, "BL-1")
        shown = told(paid, DUE + timedelta(days=1))
        assert (shown["late"], shown["clock_text"]) == (None, words.NEW_DATE_COMES)
        goes_on = fact(routing.DossierResumed, kind="payment", occurred_at=AT + timedelta(hours=3))
        resumed = ending.learn(paid, goes_on)
        assert (told(resumed)["due_at"], told(resumed)["clock_text"]) == (NEW_DUE, None)
        assert told(resumed, NEW_DUE + timedelta(days=1))["late"]["overdue"]


def test_a_new_date_after_an_extension_is_not_put_off_any_more() -> None:
    """What the agency apologised for is over when the promise is another one by law."""
    late = ending.learn(dossier(Status.IN_PROCESS), fact(routing.DossierExtended))
    assert told(late)["late"] is not None
    assert told(ending.learn(late, fact(routing.DossierDueChanged, occurred_at=DUE)))["late"] is None


def test_a_story_is_told_in_the_order_in_which_it_happened() -> None:
    first, second = fact(routing.DossierTransferred), fact(routing.DossierTransferAccepted)
    later = ending.learn(dossier(), second.model_copy(update={"occurred_at": AT + timedelta(hours=5)}))
    shown = story(ending.learn(later, first))
    assert [line["kind"] for line in shown["timeline"]] == ["transferred", "transfer-accepted"]


def test_an_event_that_has_no_words_yet_is_told_all_the_same() -> None:
    shown = story(dossier(timeline=(TimelineEntry(AT, "something-new"),)))
    assert shown["timeline"][0]["text"] == "Hồ sơ có thay đổi"


def test_times_are_printed_as_in_viet_nam() -> None:
    assert vietnam_time(datetime(2026, 12, 31, 17, 5, tzinfo=UTC)) == "00:05 ngày 01/01/2027"


class TestFilings:
    def test_a_filing_has_no_due_date_yet_and_says_until_when_the_desk_answers(self) -> None:
        shown = told(filed())
        assert (shown["due_at"], shown["due_text"], shown["late"], shown["clock_text"]) == (None, None, None, None)
        assert vietnam_time(DUE) in shown["advice"]
        assert shown["timeline"][0]["due_text"] == vietnam_time(DUE)
        assert shown["may"] == ["withdraw"]

    def test_when_the_desk_is_late_it_says_sorry(self) -> None:
        assert told(filed(), DUE + timedelta(seconds=1))["advice"].startswith("Xin lỗi")
        flagged = receiving.flag_overdue(filed(), DUE + timedelta(hours=1))
        assert flagged is not None
        assert told(flagged[0])["advice"].startswith("Xin lỗi")
        assert told(flagged[0])["answer_overdue"]

    def test_what_the_desk_asks_is_shown_and_no_limit_is_said_to_stand_still(self) -> None:
        item = (Wanted("Giấy chứng sinh", "not-certified", 1),)
        asked, _ = receiving.request_completion(filed(), AT, item, None, supervisor=False)
        shown = told(asked)
        assert shown["requests"][0]["by_text"] == "Bộ phận Một cửa"
        assert shown["requests"][0]["items"][0]["reason_text"] == "Bản sao chưa được chứng thực"
        assert (shown["may"], shown["clock_text"]) == (["supplement", "withdraw"], None)
        again, _ = receiving.resubmit(asked, AT, NEW_DUE, ())
        assert told(again)["requests"][0]["answered_at"] == AT
        assert vietnam_time(NEW_DUE) in told(again)["advice"]

    @pytest.mark.parametrize("ground", sorted(REFUSAL_GROUNDS))
    def test_every_ground_of_a_refusal_is_said_with_its_law(self, ground: str) -> None:
        refused, _ = receiving.refuse(filed(), AT, (ground,))
        assert told(refused)["refusal"] == [
            {"text": REFUSAL_GROUNDS[ground].words, "basis": REFUSAL_GROUNDS[ground].basis}
        ]
        assert told(refused)["may"] == []


class TestLate:
    def extended(self, state: Dossier | None = None, reason: str = "field-check") -> Dossier:
        submitted = receiving.submit(state or dossier(), None)[0]
        moved = fact(routing.DossierExtended).model_copy(update={"reason": reason})
        return ending.learn(replace(submitted, status=Status.IN_PROCESS), moved)

    def test_in_time_nobody_says_sorry(self) -> None:
        assert told(dossier())["late"] is None
        assert told(dossier(), DUE)["late"] is None

    def test_a_new_date_comes_with_reason_old_and_new_date_and_an_apology(self) -> None:
        """NĐ 61/2018/NĐ-CP Art 19.9."""
        late = told(self.extended())["late"]
        assert (late["old_due_at"], late["new_due_at"], late["overdue"]) == (DUE, NEW_DUE, False)
        assert late["reason_text"] == "Cần kiểm tra thực địa"
        assert "xin lỗi" in late["apology"]
        assert "field-check" not in self.extended().due_explained

    def test_when_the_new_date_passes_too_it_is_overdue(self) -> None:
        late = told(self.extended(), NEW_DUE + timedelta(seconds=1))["late"]
        assert (late["overdue"], late["apology"]) == (True, words.SORRY_OVERDUE)

    def test_overdue_without_a_word_from_the_agency_is_said(self) -> None:
        late = told(dossier(Status.IN_PROCESS), DUE + timedelta(seconds=1))["late"]
        assert (late["overdue"], late["old_due_at"], late["new_due_at"], late["reason_text"]) == (True, DUE, None, None)

    @pytest.mark.parametrize("status", [Status.SUPPLEMENT, Status.PAYMENT, Status.HALTED])
    def test_while_the_clock_stands_still_nothing_is_overdue(self, status: Status) -> None:
        shown = told(dossier(status), DUE + timedelta(days=1))
        assert shown["late"] is None
        assert "tạm dừng" in shown["clock_text"]

    def test_a_date_that_began_anew_after_the_extension_is_not_put_off_any_more(self) -> None:
        asked = ending.learn(self.extended(), fact(routing.DossierSupplementRequested))
        due = NEW_DUE + timedelta(days=9)
        anew, _ = receiving.supplement(asked, AT + timedelta(days=1), due, "tính lại")
        assert told(anew)["late"] is None

    def test_a_late_result_says_sorry_and_an_early_one_does_not(self) -> None:
        done = dossier(Status.RESOLVED, outcome=Outcome.GRANTED, resolved_at=AT)
        late = told(replace(done, timeliness=Timeliness.LATE), NEW_DUE)["late"]
        assert (late["apology"], late["overdue"]) == (words.SORRY_LATE, False)
        assert told(replace(done, timeliness=Timeliness.EARLY), NEW_DUE)["late"] is None

    def test_what_is_solved_on_the_spot_is_never_overdue_and_says_so(self) -> None:
        state, _ = receiving.submit(dossier(on_the_spot=True), None)
        shown = told(state, DUE + timedelta(days=9))
        assert shown["late"] is None
        assert shown["timeline"][0]["text"] == words.ON_THE_SPOT


@pytest.mark.parametrize("method", list(HandOverMethod))
def test_a_result_says_how_it_reaches_the_citizen(method: HandOverMethod) -> None:
    assert told(dossier(Status.RESOLVED, return_by=method))["advice"] == words.FETCH_RESULT[method]


def test_a_returned_dossier_may_be_rated_once_and_an_old_register_not_at_all() -> None:
    assert told(dossier(Status.RETURNED))["may"] == ["rate"]
    assert told(dossier(Status.RETURNED), rated=True)["may"] == []
    assert told(dossier(Status.RETURNED, backfill=True))["may"] == []
    assert APPLICANT.full_name not in str(told(dossier(Status.RETURNED)))
