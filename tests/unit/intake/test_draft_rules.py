"""A draft belongs to who has its token, keeps what the last window saw, and ends when it is filed, dropped or old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from contracts.problems import Conflict, Invalid, Missing
from services.intake.domain import draft as domain
from services.intake.domain.attachment import Attachment, AttachmentKind
from services.intake.domain.draft import KEPT_FOR, MOST_FILES, Draft

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
LATER = AT + timedelta(days=3)
HASH = "a" * 64


def started() -> Draft:
    return domain.start(HASH, AT)


def file(number: int, size: int = 10) -> Attachment:
    sha = f"sha-{number}"
    return Attachment(f"f{number}", AttachmentKind.PAPER, 1, "a.pdf", "application/pdf", size, sha, LATER)


class TestOpening:
    def test_who_has_the_token_opens_it(self) -> None:
        assert domain.opened(started(), HASH, AT) == started()

    @pytest.mark.parametrize(
        ("draft", "hash", "now"),
        [(None, HASH, AT), (started(), "b" * 64, AT), (started(), "", AT), (started(), HASH, AT + KEPT_FOR)],
    )
    def test_all_others_get_one_answer(self, draft: Draft | None, hash: str, now: datetime) -> None:
        with pytest.raises(Missing) as caught:
            domain.opened(draft, hash, now)
        assert caught.value.slug == "draft-unknown"

    def test_it_can_be_opened_until_the_last_moment(self) -> None:
        domain.opened(started(), HASH, AT + KEPT_FOR - timedelta(milliseconds=1))


class TestSaving:
    def test_each_save_raises_the_revision_and_begins_the_thirty_days_anew(self) -> None:
        saved = domain.save(started(), b"[1]", 0, LATER)
        assert (saved.content, saved.revision) == (b"[1]", 1)
        assert (saved.changed_at, saved.expires_at) == (LATER, LATER + timedelta(days=30))

    def test_a_window_that_saw_an_older_one_is_told(self) -> None:
        saved = domain.save(started(), b"[1]", 0, LATER)
        with pytest.raises(Conflict) as caught:
            domain.save(saved, b"[2]", 0, LATER)
        assert (caught.value.slug, caught.value.facts["version"]) == ("stale-version", 1)

    def test_a_save_whose_answer_was_lost_can_be_repeated(self) -> None:
        saved = domain.save(started(), b"[1]", 0, LATER)
        assert domain.save(saved, b"[1]", 0, LATER) == saved

    def test_a_revision_from_the_future_is_stale_too(self) -> None:
        with pytest.raises(Conflict):
            domain.save(started(), b"[1]", 7, LATER)


class TestFiles:
    def test_an_upload_does_not_make_the_typing_window_stale(self) -> None:
        changed, _ = domain.add_file(started(), file(1), 1000)
        assert changed.revision == 0
        assert changed.expires_at == LATER + KEPT_FOR
        assert domain.save(changed, b"[1]", 0, LATER).attachments == changed.attachments

    def test_there_are_at_most_twenty(self) -> None:
        draft = started()
        for number in range(MOST_FILES):
            draft, _ = domain.add_file(draft, file(number), 1000)
        with pytest.raises(Conflict) as caught:
            domain.add_file(draft, file(20), 1000)
        assert caught.value.slug == "files-too-many"
        draft = domain.remove_file(draft, "f3", LATER)
        assert len(domain.add_file(draft, file(20), 1000)[0].attachments.files) == MOST_FILES

    def test_together_they_are_bounded(self) -> None:
        with pytest.raises(Invalid) as caught:
            domain.add_file(started(), file(1, 1001), 1000)
        assert caught.value.slug == "file-too-big"


class TestEnding:
    def test_a_dropped_draft_holds_nothing_and_is_unknown_at_once(self) -> None:
        full, _ = domain.add_file(domain.save(started(), b"[1]", 0, AT), file(1), 1000)
        dropped = domain.drop(full, LATER)
        assert (dropped.content, dropped.attachments.files) == (b"{}", ())
        with pytest.raises(Missing):
            domain.opened(dropped, HASH, LATER)

    def test_a_filed_draft_holds_nothing_but_its_code_which_can_still_be_asked(self) -> None:
        full, _ = domain.add_file(domain.save(started(), b"[1]", 0, AT), file(1), 1000)
        filed = domain.file(full, "H12-260302-0001", LATER)
        assert (filed.content, filed.attachments.files, filed.filed_as) == (b"{}", (), "H12-260302-0001")
        assert domain.opened(filed, HASH, LATER).filed_as == "H12-260302-0001"

    def test_a_filed_draft_changes_no_more(self) -> None:
        filed = domain.file(started(), "H12-260302-0001", LATER)
        for change in (
            lambda: domain.save(filed, b"[1]", 0, LATER),
            lambda: domain.add_file(filed, file(1), 1000),
            lambda: domain.remove_file(filed, "f1", LATER),
            lambda: domain.drop(filed, LATER),
            lambda: domain.file(filed, "H12-260302-0002", LATER),
        ):
            with pytest.raises(Conflict) as caught:
                change()
            assert (caught.value.slug, caught.value.facts["code"]) == ("draft-filed", "H12-260302-0001")
