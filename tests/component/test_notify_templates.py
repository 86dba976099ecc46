"""Templates over the API and at a terminal, with a real database: rights first, then everything or nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.problems import Conflict
from contracts.types import NoticeKind
from services.kit.commit import Committer
from services.notify.templates import Overrides, Particulars, Wordings
from services.notify.templates.commands.save_templates import SaveTemplates
from services.notify.templates.defaults import default_templates
from services.notify.templates.domain.content import Content
from services.notify.templates.reading import ContentIn, as_data
from services.notify.templates.store import TEMPLATE_VERSIONS, TEMPLATES
from tests.component.cli_fixtures import motcua
from tests.component.cli_fixtures import place as place
from tests.component.notify_fixtures import COUNTER, Town, now
from tests.component.notify_fixtures import town as town
from tests.replies import refused, slug
from tests.unit.notify.ladder_fixtures import new_notice

PATH = "/v1/templates/resolved"
ABOUT = Particulars("Đăng ký khai sinh", COUNTER)


def content(words: str = "da co ket qua", **parts: Any) -> dict[str, Any]:
    """A good template of word of a result."""
    data = as_data(default_templates()[NoticeKind.RESOLVED].content)
    return data | {"sms": {"text": f"{{prefix}}Ho so {{dossier_code}} {words}"}} | parts


def body(words: str = "da co ket qua", based_on: int = 0, **parts: Any) -> dict[str, Any]:
    return {"based_on": based_on, "content": content(words, **parts)}


def read(words: str) -> Content:
    return ContentIn.model_validate(content(words)).content()


async def stored(town: Town) -> list[int]:
    """How many templates and versions there are."""
    names = (TEMPLATES.collection, TEMPLATE_VERSIONS.collection)
    return [await town.mongo.collection(name).count_documents({}) for name in names]


class TestRights:
    async def test_anonymous(self, town: Town) -> None:
        for path in ("/v1/templates", PATH, f"{PATH}/versions"):
            assert slug(await town.api.get(path)) == (401, "key-missing")
        assert slug(await town.api.put(PATH, json={})) == (401, "key-missing")
        assert slug(await town.api.post(f"{PATH}/preview", json={})) == (401, "key-missing")

    @pytest.mark.parametrize("scope", [f"counter:{COUNTER}", "agency:H99.07", "service"])
    async def test_only_operators_save_and_others_are_told_so_before_what_is_wrong_with_the_body(
        self, town: Town, scope: str
    ) -> None:
        headers = await town.key([scope])
        for wrong in (body(), {}, body("đến {owner}")):
            assert slug(await town.api.put(PATH, json=wrong, headers=headers)) == (403, "scope-missing")
        assert await stored(town) == [0, 0]

    async def test_counters_read_nothing_and_services_everything(self, town: Town) -> None:
        counter, service = await town.key([f"counter:{COUNTER}"]), await town.key(["service"])
        for path in ("/v1/templates", PATH, f"{PATH}/versions"):
            assert slug(await town.api.get(path, headers=counter)) == (403, "scope-missing")
            assert (await town.api.get(path, headers=service)).status_code == 200
        assert slug(await town.api.post(f"{PATH}/preview", json={"x": 1}, headers=counter)) == (403, "scope-missing")
        assert (await town.api.post(f"{PATH}/preview", json={}, headers=service)).status_code == 200


class TestSaving:
    async def test_a_version_follows_the_last_and_tells_who_saved_it(self, town: Town) -> None:
        headers = await town.key(["operator"])
        first = (await town.api.put(PATH, json=body("co ket qua") | {"note": "CV 12"}, headers=headers)).json()
        assert (first["changed"], first["version"], first["note"]) == (True, 1, "CV 12")
        assert first["saved_by"] == headers["Authorization"].split("_")[1]
        again = (await town.api.put(PATH, json=body("co ket qua"), headers=headers)).json()
        assert (again["changed"], again["version"]) == (False, 1)
        second = (await town.api.put(PATH, json=body("xong", 1), headers=headers)).json()
        assert (second["version"], await stored(town)) == (2, [1, 2])

        listed = (await town.api.get(f"{PATH}/versions", headers=headers)).json()["versions"]
        assert [(one["version"], one["note"]) for one in listed] == [(2, ""), (1, "CV 12"), (0, "")]
        texts = [
            (await town.api.get(f"{PATH}?version={version}", headers=headers)).json()["content"]["sms"]["text"]
            for version in (1, 2)
        ]
        assert texts == ["{prefix}Ho so {dossier_code} co ket qua", "{prefix}Ho so {dossier_code} xong"]
        brought = (await town.api.get(f"{PATH}?version=0", headers=headers)).json()
        assert brought["content"] == as_data(default_templates()[NoticeKind.RESOLVED].content)
        assert (await town.api.get(PATH, headers=headers)).json()["version"] == 2
        reply = await town.api.get(f"{PATH}?version=3", headers=headers)
        assert slug(reply) == (404, "template-version-unknown")

    async def test_the_one_brought_along_is_no_new_version(self, town: Town) -> None:
        headers = await town.key(["operator"])
        same = {"based_on": 0, "content": (await town.api.get(PATH, headers=headers)).json()["content"]}
        reply = (await town.api.put(PATH, json=same, headers=headers)).json()
        assert (reply["changed"], reply["version"], await stored(town)) == (False, 0, [0, 0])

    async def test_all_faults_are_told_at_once_and_nothing_is_stored(self, town: Town) -> None:
        headers = await town.key(["operator"])
        wrong = body("đến {owner}" + "x" * 500, zalo={"template_id": "mẫu", "params": []})
        problem = refused(await town.api.put(PATH, json=wrong, headers=headers), 422, "template-refused")
        assert [fault["slug"] for fault in problem["faults"]] == [
            "template-id-malformed", "template-parameter-missing", "template-parameter-unknown",
            "template-not-plain", "template-too-long",
        ]  # fmt: skip
        assert problem["count"] == 5
        assert all(fault["where"] and fault["reason"] for fault in problem["faults"])
        assert await stored(town) == [0, 0]

    async def test_a_zalo_template_without_its_code_is_refused_for_the_parameter_that_is_missing(
        self, town: Town
    ) -> None:
        headers = await town.key(["operator"])
        wrong = body(zalo={"template_id": "300104", "params": [{"name": "procedure_name", "type": 9}]})
        problem = refused(await town.api.put(PATH, json=wrong, headers=headers), 422, "template-refused")
        assert [(fault["slug"], fault["where"]) for fault in problem["faults"]] == [
            ("template-parameter-missing", "zalo.params")
        ]

    @pytest.mark.parametrize("path", ["/v1/templates/dance", "/v1/templates/RESOLVED"])
    async def test_a_kind_that_is_none_and_a_body_of_the_wrong_form_are_refused(self, town: Town, path: str) -> None:
        headers = await town.key(["operator"])
        assert slug(await town.api.put(path, json=body(), headers=headers)) == (422, "request-invalid")
        for wrong in ({}, body() | {"more": 1}, body(mail={}), body() | {"based_on": -1}, []):
            assert slug(await town.api.put(PATH, json=wrong, headers=headers)) == (422, "request-invalid")

    async def test_who_changed_an_older_version_is_told_which_is_in_force(self, town: Town) -> None:
        headers = await town.key(["operator"])
        await town.api.put(PATH, json=body("mot"), headers=headers)
        problem = refused(await town.api.put(PATH, json=body("hai", 0), headers=headers), 409, "stale-version")
        assert (problem["version"], await stored(town)) == (1, [1, 1])

    async def test_of_several_who_save_at_once_one_wins_and_nothing_is_lost(self, town: Town) -> None:
        headers = await town.key(["operator"])
        replies = await asyncio.gather(
            *(town.api.put(PATH, json=body(f"lan {number}"), headers=headers) for number in range(8))
        )
        assert sorted(reply.status_code for reply in replies) == [200, *[409] * 7]
        [won] = [reply.json() for reply in replies if reply.status_code == 200]
        shown = (await town.api.get(PATH, headers=headers)).json()
        assert (shown["version"], shown["content"], await stored(town)) == (1, won["content"], [1, 1])

    async def test_two_processes_that_save_at_once_make_two_versions_or_one_refusal_and_lose_nothing(
        self, town: Town
    ) -> None:
        committers = [Committer(town.mongo, "/notify", now) for _ in range(2)]
        decisions = [
            SaveTemplates({NoticeKind.RESOLVED: read(f"lan {number}")}, "", f"key-{number}", based_on=0)
            for number in range(2)
        ]
        runs = [committer.run(decision) for committer, decision in zip(committers, decisions, strict=True)]
        results = await asyncio.gather(*runs, return_exceptions=True)
        assert [one.slug for one in results if isinstance(one, Conflict)] == ["stale-version"]
        assert await stored(town) == [1, 1]

        unconditional = [replace(decision, based_on=None) for decision in decisions]
        runs = [committer.run(decision) for committer, decision in zip(committers, unconditional, strict=True)]
        await asyncio.gather(*runs)
        versions = await town.mongo.collection(TEMPLATE_VERSIONS.collection).distinct("version")
        newest = await TEMPLATES.read(town.mongo, "resolved")
        assert newest is not None
        assert sorted(versions) == list(range(1, newest.version + 1))
        assert newest.version > 1


class TestPreview:
    async def test_a_template_is_shown_before_it_is_saved_with_what_it_costs(self, town: Town) -> None:
        headers = await town.key(["operator"])
        given = {"content": content("đã có"), "values": {"dossier_code": "H99.01-260302-0099"}}
        reply = await town.api.post(f"{PATH}/preview", json=given, headers=headers)
        shown = reply.json()
        assert [fault["slug"] for fault in shown["faults"]] == ["template-not-plain"]
        [message] = shown["messages"]
        assert message["zalo"]["fields"]["dossier_code"] == "H99.01-260302-0099"
        text = message["sms"]["plain"]
        assert text["text"] == "[MOTCUA] Ho so H99.01-260302-0099 đã có"
        assert (text["encoding"], text["characters"], text["parts"]) == ("UCS-2", len(text["text"]), 1)
        assert await stored(town) == [0, 0]

    async def test_a_saved_version_is_shown_too(self, town: Town) -> None:
        headers = await town.key(["operator"])
        await town.api.put(PATH, json=body("mot"), headers=headers)
        newest = (await town.api.post(f"{PATH}/preview", json={}, headers=headers)).json()
        brought = (await town.api.post(f"{PATH}/preview", json={"version": 0}, headers=headers)).json()
        assert (newest["version"], brought["version"]) == (1, 0)
        assert newest["messages"][0]["sms"]["plain"]["text"] == "[MOTCUA] Ho so H99.01-260302-0007 mot"
        unknown = await town.api.post(f"{PATH}/preview", json={"version": 7}, headers=headers)
        assert slug(unknown) == (404, "template-version-unknown")


class TestWordings:
    async def test_a_saved_template_is_in_force_after_the_next_look(self, town: Town) -> None:
        headers = await town.key(["operator"])
        notice = new_notice(NoticeKind.RESOLVED)
        overrides = Overrides("[X] ", {NoticeKind.RESOLVED: "777"})
        patient, wordings = (Wordings(town.mongo, overrides, fresh_s) for fresh_s in (600.0, 0.0))
        for each in (patient, wordings):
            await each.refresh()
            assert each.word(notice, ABOUT).template_version == 0
        await town.api.put(PATH, json=body("xong"), headers=headers)
        for each, version in ((patient, 0), (wordings, 1)):
            await each.refresh()
            assert each.word(notice, ABOUT).template_version == version
        wording = wordings.word(notice, ABOUT)
        assert wording.text == "[X] Ho so H99.01-260302-0007 xong"
        assert (wording.zalo_template_id, wording.fields["office_name"]) == ("777", f"Bộ phận Một cửa {COUNTER}")
        assert (wording.parts, wording.accented) == (1, False)
        assert (wording.vnpt_template_id, wording.vnpt_params) == (
            "700104", ("H99.01-260302-0007", f"Bo phan Mot cua {COUNTER}"),
        )  # fmt: skip

    async def test_a_counter_is_called_by_its_name_where_the_installation_knows_it(self, town: Town) -> None:
        overrides = Overrides(office_names={COUNTER: "Bộ phận Một cửa huyện Thử"})
        wording = Wordings(town.mongo, overrides).word(new_notice(NoticeKind.RESOLVED), ABOUT)
        assert wording.fields["office_name"] == "Bộ phận Một cửa huyện Thử"
        assert wording.text.endswith("Moi nhan tai Bo phan Mot cua huyen Thu.")

    async def test_an_accented_text_says_that_it_is_one(self, town: Town) -> None:
        headers = await town.key(["operator"])
        texts = {"text": "{prefix}Ho so {dossier_code} xong", "accented": "{prefix}Hồ sơ {dossier_code} xong"}
        accents = body(sms=texts | {"send_accented": True})
        assert (await town.api.put(PATH, json=accents, headers=headers)).status_code == 200
        wordings = Wordings(town.mongo, Overrides())
        await wordings.refresh()
        wording = wordings.word(new_notice(NoticeKind.RESOLVED), ABOUT)
        assert (wording.text, wording.accented) == ("Hồ sơ H99.01-260302-0007 xong", True)


class TestCommands:
    async def test_what_is_exported_is_changed_and_imported_again(self, place: dict[str, str], tmp_path: Path) -> None:
        exported = await motcua("templates", "export", **place)
        assert exported.code == 0
        assert set(yaml.safe_load(exported.out)["templates"]) == {kind.value for kind in NoticeKind}
        file = tmp_path / "templates.yaml"
        file.write_text(exported.out)
        same = await motcua("templates", "import", str(file), **place)
        assert (same.code, "Mẫu tin không đổi." in same.out) == (0, True)

        file.write_text(exported.out.replace("da co ket qua. Moi nhan", "da xong. Moi nhan"))
        tried = await motcua("templates", "import", str(file), "--dry-run", **place)
        assert (tried.code, "Chưa lưu gì" in tried.out, "da xong" in tried.out) == (0, True, True)
        assert (await motcua("templates", "export", **place)).out == exported.out
        done = await motcua("templates", "import", str(file), "--note", "CV 12", **place)
        assert (done.code, "resolved phiên bản 1" in done.out) == (0, True)
        shown = await motcua("templates", "show", "resolved", **place)
        assert "da xong" in yaml.safe_load(shown.out)["templates"]["resolved"]["sms"]["text"]
        everything = await motcua("templates", "show", **place)
        assert all(kind.value in everything.out for kind in NoticeKind)

    async def test_a_file_with_faults_is_refused_whole_with_every_line(
        self, place: dict[str, str], tmp_path: Path
    ) -> None:
        file = tmp_path / "templates.yaml"
        good = 'templates:\n  resolved:\n    sms: {text: "{prefix}Ho so {dossier_code} xong"}\n'
        file.write_text(good + '  filed:\n    sms: {text: "Ho so {owner}"}\n  dance: {}\n')
        ended = await motcua("templates", "import", str(file), **place)
        assert ended.code == 2
        for word in (
            "template-refused",
            "template-prefix-missing",
            "template-parameter-unknown",
            "template-kind-unknown",
        ):
            assert word in ended.said
        shown = await motcua("templates", "show", "resolved", **place)
        assert "xong" not in shown.out

    async def test_a_preview_shows_each_channel_of_what_is_in_force_and_of_a_file(
        self, place: dict[str, str], tmp_path: Path
    ) -> None:
        ended = await motcua("templates", "preview", "one_time_code", **place)
        assert ended.code == 0
        assert "[MOTCUA] Ho so H99.01-260302-0007 co ma tra cuu 246810" in ended.out
        assert "GSM-7" in ended.out
        file = tmp_path / "templates.yaml"
        file.write_text('templates:\n  resolved:\n    sms: {text: "{prefix}Ho so {dossier_code} xong"}\n')
        ended = await motcua("templates", "preview", "resolved", "--file", str(file), SMS_PREFIX="[X] ", **place)
        assert "[X] Ho so H99.01-260302-0007 xong" in ended.out
        other = await motcua("templates", "preview", "filed", "--file", str(file), **place)
        assert (other.code, "template-kind-unknown" in other.said) == (2, True)
