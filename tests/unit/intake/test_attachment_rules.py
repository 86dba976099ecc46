"""Files of a dossier: what is taken when, what a replacement leaves behind, and that nothing comes twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.problems import Conflict, Invalid, Missing, Refused
from services.intake.domain.attachment import (
    MAY_ATTACH,
    Attachment,
    AttachmentKind,
    Attachments,
    Room,
    attach,
    detach,
    require_paper_number,
    require_papers,
    require_state,
)
from services.intake.domain.status import ENDED, Status

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
ROOM = Room(max_bytes=1000, max_files=5)
PAPER, RESULT = AttachmentKind.PAPER, AttachmentKind.RESULT


def file(id: str, sha: str | None = None, *, paper: int | None = 1, size: int = 10, **changes: object) -> Attachment:
    made = Attachment(id, PAPER, paper, f"{id}.pdf", "application/pdf", size, sha or f"sha-{id}", AT)
    return replace(made, **changes)  # type: ignore[arg-type]


def filled(*files: Attachment) -> Attachments:
    attachments = Attachments()
    for one in files:
        attachments, _ = attach(attachments, one, ROOM)
    return attachments


def test_a_paper_may_be_several_files() -> None:
    assert [one.id for one in filled(file("a"), file("b"), file("c", paper=2)).current] == ["a", "b", "c"]


def test_the_same_bytes_for_the_same_paper_are_the_file_that_is_there() -> None:
    before = filled(file("a", "same"))
    after, attached = attach(before, file("b", "same"), ROOM)
    assert (after, attached.id) == (before, "a")


def test_the_same_bytes_for_another_paper_or_as_another_kind_are_another_file() -> None:
    before = filled(file("a", "same"))
    for other in (file("b", "same", paper=2), file("b", "same", kind=AttachmentKind.OTHER, paper=None)):
        after, attached = attach(before, other, ROOM)
        assert attached.id == "b"
        assert len(after.current) == 2


def test_a_replaced_file_stays_and_says_by_what_and_when() -> None:
    new = file("b", uploaded_at=AT + timedelta(days=2))
    after, _ = attach(filled(file("a"), file("c")), new, ROOM, ["a"])
    assert [one.id for one in after.current] == ["c", "b"]
    old = after.find("a")
    assert (old.replaced_by, old.replaced_at) == ("b", AT + timedelta(days=2))


def test_one_file_may_take_the_place_of_many() -> None:
    after, _ = attach(filled(file("a"), file("b")), file("scan"), ROOM, ["a", "b"])
    assert [one.id for one in after.current] == ["scan"]


def test_a_replacement_that_is_repeated_changes_nothing() -> None:
    once, _ = attach(filled(file("a")), file("b", "new"), ROOM, ["a"])
    again, attached = attach(once, file("c", "new"), ROOM, ["a"])
    assert (again, attached.id) == (once, "b")


def test_bytes_that_came_back_after_they_were_replaced_are_a_new_file() -> None:
    """A clerk who took the first version back must see that it came again."""
    once, _ = attach(filled(file("a", "first")), file("b", "second"), ROOM, ["a"])
    after, attached = attach(once, file("c", "first"), ROOM, ["b"])
    assert attached.id == "c"
    assert [one.id for one in after.current] == ["c"]
    assert len(after.files) == 3


def test_a_file_that_was_replaced_by_another_cannot_be_replaced_again() -> None:
    once, _ = attach(filled(file("a")), file("b"), ROOM, ["a"])
    with pytest.raises(Conflict) as caught:
        attach(once, file("c"), ROOM, ["a"])
    assert (caught.value.slug, caught.value.facts["replaced_by"]) == ("file-replaced-already", "b")


def test_a_file_does_not_replace_itself() -> None:
    before = filled(file("a", "same"))
    after, attached = attach(before, file("b", "same"), ROOM, ["a"])
    assert (after, attached.id) == (before, "a")


@pytest.mark.parametrize("replaces", ["nobody", "a"])
def test_only_files_of_the_same_paper_can_be_replaced(replaces: str) -> None:
    with pytest.raises(Missing) as caught:
        attach(filled(file("a", paper=2)), file("b", paper=1), ROOM, [replaces])
    assert caught.value.slug == "file-unknown"


def test_room_counts_what_is_current_only() -> None:
    full = filled(file("a", size=600), file("b", size=400))
    with pytest.raises(Invalid) as caught:
        attach(full, file("c", size=1), ROOM)
    assert (caught.value.slug, caught.value.facts["limit_bytes"]) == ("file-too-big", 1000)
    after, _ = attach(full, file("c", size=600), ROOM, ["a"])
    assert sum(one.size for one in after.current) == 1000


def test_more_files_than_there_is_room_for_are_refused() -> None:
    full = filled(*(file(str(number)) for number in range(5)))
    with pytest.raises(Conflict) as caught:
        attach(full, file("more"), ROOM)
    assert caught.value.slug == "files-too-many"
    assert attach(full, file("again", "sha-3"), ROOM)[1].id == "3", "what is there already needs no room"


def test_a_file_can_be_taken_away_while_nothing_is_filed() -> None:
    assert detach(filled(file("a"), file("b")), "a") == filled(file("b"))
    with pytest.raises(Missing):
        detach(filled(file("a")), "b")


class TestStates:
    @pytest.mark.parametrize("kind", AttachmentKind)
    @pytest.mark.parametrize("status", Status)
    def test_every_state_takes_or_refuses_every_kind(self, kind: AttachmentKind, status: Status) -> None:
        allowed = {Status.IN_PROCESS, Status.RESOLVED} if kind is RESULT else set(Status) - ENDED
        assert MAY_ATTACH[kind] == allowed
        if status in allowed:
            require_state(kind, status)
        else:
            with pytest.raises(Conflict) as caught:
                require_state(kind, status)
            assert caught.value.slug == "file-not-expected"
            assert caught.value.facts["state"] == status.value

    def test_a_paper_has_a_number_and_nothing_else_has(self) -> None:
        require_paper_number(PAPER, 1)
        require_paper_number(RESULT, None)
        for kind, paper in ((PAPER, None), (RESULT, 1), (AttachmentKind.OTHER, 2)):
            with pytest.raises(Invalid) as caught:
                require_paper_number(kind, paper)
            assert caught.value.slug == "paper-number-wrong"

    def test_a_paper_that_is_not_on_the_published_list_is_refused(self) -> None:
        require_papers([file("a", paper=3)], 3)
        require_papers([file("a", paper=None)], 1)
        with pytest.raises(Invalid) as caught:
            require_papers([file("a"), file("b", paper=4)], 3)
        assert (caught.value.slug, caught.value.facts["paper"]) == ("paper-unknown", 4)

    def test_where_no_list_is_published_any_number_goes(self) -> None:
        require_papers([file("a", paper=9)], 0)


UPLOADS = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from("abcd"), st.lists(st.integers(0, 12), max_size=2)), max_size=12
)


@given(UPLOADS)
def test_whatever_comes_nothing_is_lost_and_no_bytes_stand_twice(uploads: list[tuple[int, str, list[int]]]) -> None:
    attachments, room = Attachments(), Room(10**6)
    for number, (paper, sha, replaced) in enumerate(uploads):
        before = attachments
        try:
            attachments, attached = attach(
                before, file(f"f{number}", sha, paper=paper), room, [f"f{other}" for other in replaced]
            )
        except Refused:
            continue
        assert attached in attachments.current
        assert [one.id for one in before.files] == [one.id for one in attachments.files][: len(before.files)]
        current = [(one.subject, one.sha256) for one in attachments.current]
        assert len(current) == len(set(current))
        for one in attachments.files:
            assert (one.replaced_at is None) == (one.replaced_by is None)
            if one.replaced_by is not None:
                assert attachments.find(one.replaced_by).subject == one.subject
