"""Dead letters: corrected beside the original, closed and opened again; what of them is shown without a note."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from contracts.problems import Conflict, Invalid, Missing
from services.kit.failures import LETTER_EDITS, stored_record
from services.kit.mongo import Mongo
from services.kit.operations import contents, queries
from services.kit.operations.edits import Correction
from services.kit.operations.letters import Letters
from services.kit.operations.operation import OPERATIONS
from tests.component.ledger import count, events, now, record, steps_of
from tests.component.operations_fixtures import (
    ACTING,
    RIGHT_TYPE,
    A,
    B,
    body_of,
    desk,
    refused_command,
    unreadable,
    with_field,
    with_header,
)


class TestEdit:
    async def test_the_corrected_copy_is_applied_and_the_original_stays_as_it_came(self, mongo: Mongo) -> None:
        subject = await desk(mongo)
        sent = dataclasses.replace(record(A, 1, offset=0), value=with_field(body_of(A, 1), step="một"))
        await subject.consumer.handle([sent])
        letter = await subject.letter()
        operation = await subject.letters.edit(letter["_id"], Correction(body=body_of(A, 1)), ACTING)
        assert operation["details"] == {"edit": 1, "changed": ["body.step"]}
        await subject.letters.replay(letter["_id"], ACTING)
        await subject.retrier.once()
        assert await steps_of(mongo, A) == (1,)
        assert stored_record(await subject.letter()) == sent
        shown = await contents.read_letter(mongo, now, letter["_id"], ACTING)
        assert shown["body"] == sent.value.decode()  # type: ignore[union-attr]
        assert shown["edit"]["body"] == body_of(A, 1).decode()

    @pytest.mark.parametrize(
        ("correction", "rule"),
        [
            (Correction(body=b"{"), "data-invalid"),
            (Correction(body=with_field(body_of(A, 1), step="hai")), "data-invalid"),
            (Correction(headers={"ce_id": None}), "not-a-cloudevent"),
            (Correction(headers={"ce_type": "vn.motcua.unheard.v1"}), "event-type-unknown"),
            (Correction(key=B.encode()), "key-mismatch"),
            (Correction(body=b" " * 950_000), "body-too-large"),
        ],
        ids=["no json", "schema", "no id", "type", "key", "size"],
    )
    async def test_a_copy_that_breaks_the_contract_is_not_stored(
        self, mongo: Mongo, correction: Correction, rule: str
    ) -> None:
        subject = await refused_command(mongo)
        letter = await subject.letter()
        with pytest.raises(Invalid) as caught:
            await subject.letters.edit(letter["_id"], correction, ACTING)
        assert (caught.value.slug, caught.value.facts["rule"]) == ("edit-invalid", rule)
        assert await subject.letter() == letter
        assert (await count(mongo, LETTER_EDITS), await count(mongo, OPERATIONS)) == (0, 0)

    async def test_one_that_changes_nothing_is_refused(self, mongo: Mongo) -> None:
        subject = await refused_command(mongo)
        with pytest.raises(Invalid) as caught:
            await subject.letters.edit((await subject.letter())["_id"], Correction(body=body_of(A, 1)), ACTING)
        assert caught.value.slug == "edit-empty"

    async def test_each_edit_goes_on_from_the_one_before_and_all_are_kept(self, mongo: Mongo) -> None:
        subject = await desk(mongo)
        sent = with_header(record(A, 1, offset=0), "ce_type", b"wrong")
        await subject.consumer.handle([sent])
        id = (await subject.letter())["_id"]
        await subject.letters.edit(id, RIGHT_TYPE, ACTING)
        await subject.letters.edit(id, Correction(body=body_of(A, 7)), ACTING)
        await subject.letters.replay(id, ACTING)
        await subject.retrier.once()
        assert await steps_of(mongo, A) == (7,)
        shown = await queries.letter(mongo, id)
        assert [(edit["number"], edit["changed"]) for edit in shown["edited"]] == [
            (1, ["headers.ce_type"]), (2, ["headers.ce_type", "body.step"]),
        ]  # fmt: skip
        assert [one["command"] for one in shown["operations"]] == ["letters.replay", "letters.edit", "letters.edit"]

    async def test_two_at_once_are_two_copies_of_which_none_is_lost(self, mongo: Mongo) -> None:
        subject = await refused_command(mongo)
        id = (await subject.letter())["_id"]
        corrections = [Correction(body=body_of(A, step)) for step in (5, 6)]
        await asyncio.gather(*(Letters(mongo, now).edit(id, one, ACTING) for one in corrections))
        edits = await subject.rows(LETTER_EDITS)
        assert sorted(edit["value"] for edit in edits) == [body_of(A, 5), body_of(A, 6)]
        assert (await subject.letter())["edits"] == 2


class TestCloseAndReopen:
    async def test_a_closed_letter_is_left_alone_until_it_is_opened_again(self, mongo: Mongo) -> None:
        subject = await refused_command(mongo)
        id = (await subject.letter())["_id"]
        with pytest.raises(Conflict) as caught:
            await subject.letters.reopen(id, ACTING)
        assert caught.value.slug == "letter-not-closed"
        await subject.letters.close(id, ACTING)
        for command in (subject.letters.replay(id, ACTING), subject.letters.close(id, ACTING)):
            with pytest.raises(Conflict) as caught:
                await command
            assert (caught.value.slug, caught.value.facts["state"]) == ("letter-not-open", "closed")
        await subject.letters.reopen(id, ACTING)
        await subject.letters.replay(id, ACTING)
        await subject.retrier.once()
        assert await steps_of(mongo, A) == (1,)

    async def test_what_nobody_knows(self, mongo: Mongo) -> None:
        subject = await desk(mongo)
        for command in (subject.letters.close("x", ACTING), subject.letters.replay("x", ACTING)):
            with pytest.raises(Missing) as caught:
                await command
            assert caught.value.slug == "letter-unknown"

    async def test_every_command_is_in_the_log_with_who_when_and_why(self, mongo: Mongo) -> None:
        subject = await refused_command(mongo)
        id = (await subject.letter())["_id"]
        await contents.read_letter(mongo, now, id, ACTING)
        await subject.letters.close(id, ACTING)
        await subject.letters.reopen(id, ACTING)
        page = await queries.operations(mongo, queries.LogWish(subject=id, limit=2))
        more = await queries.operations(mongo, queries.LogWish(subject=id, limit=2, after=page.next))
        rows = page.rows + more.rows
        assert [row["command"] for row in rows] == ["letters.reopen", "letters.close", "letters.read"]
        assert more.next is None
        assert {(row["by"], row["reason"], row["state"]) for row in rows} == {
            ("operator-7", "cured by release 7", "done")
        }


async def test_the_answers_and_events_of_a_replay_are_told_like_any_other(mongo: Mongo) -> None:
    subject = await refused_command(mongo)
    await subject.letters.replay((await subject.letter())["_id"], ACTING)
    await subject.retrier.once()
    [told] = await events(mongo, subject=A)
    assert {name: value for name, value in told["headers"]}["ce_causationid"] == f"{A}/1".encode()


@pytest.mark.parametrize(
    ("header", "field", "sent"),
    [
        ("ce_subject", "subject", "Nguyễn Văn A"),
        ("ce_subject", "subject", "NGUYEN-VAN-A"),
        ("ce_id", "id", "0901234001"),
        ("ce_source", "source", "/quầy của Nguyễn Văn A"),
        ("ce_type", "type", "hồ sơ của Nguyễn Văn A"),
    ],
)
async def test_what_a_sender_wrote_into_its_envelope_is_content_and_not_shown_without_a_note(
    mongo: Mongo, header: str, field: str, sent: str
) -> None:
    subject = await desk(mongo)
    await subject.consumer.handle([with_header(unreadable(A, 1, offset=0), header, sent.encode())])
    shown = await queries.letter(mongo, (await subject.letter())["_id"])
    assert sent not in str(shown)
    if shown["envelope"] is not None:
        assert shown["envelope"][field] == "?"
    assert sent in str(await contents.read_letter(mongo, now, shown["id"], ACTING))


async def test_a_dossier_code_and_the_codes_of_the_house_are_shown(mongo: Mongo) -> None:
    subject = await desk(mongo)
    await subject.consumer.handle([unreadable(A, 1, offset=0)])
    shown = (await queries.letter(mongo, (await subject.letter())["_id"]))["envelope"]
    assert (shown["subject"], shown["id"], shown["source"]) == (A, f"{A}/1", "/routing")
    assert shown["type"] == "vn.motcua.dossier.transferred.v2"
