"""Workflow files on a real database: put in place whole, shown over HTTP; dossiers keep what they began with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contracts.events.catalogue import LimitRule, ProcedurePublished
from contracts.types import Channel, LimitUnit, Mechanism
from services.kit.commit import Committer
from services.routing.commands.import_workflows import import_workflows
from services.routing.domain.workflow import StatedLimit, Workflow
from services.routing.queries.workflows import known_versions
from services.routing.store import CASES, WORKFLOWS, workflow_id
from services.routing.workflows import ImportReport, Kind, read_workflows
from tests.component.cli_fixtures import motcua
from tests.component.cli_fixtures import place as place
from tests.component.service_fixtures import (
    COUNTER,
    DISTRICT,
    OFFICE,
    PROCEDURE,
    TWO_STEPS,
    Service,
    dossier,
    now,
    submitted,
)

FILE = f"""
workflows:
- procedure: {PROCEDURE}
  steps:
  - {{id: nhận, name: Thẩm định, agency: Phòng Kinh tế, share: 1 ngày, role: chuyên viên}}
  - {{id: xã, name: Ý kiến của xã, agency: Ủy ban nhân dân cấp xã, share: 1 ngày, after: [nhận], accept_hours: 2}}
  - {{id: huyện, name: Ý kiến của huyện, agency: {DISTRICT}, share: 4 giờ, after: [nhận], channels: [counter]}}
  - {{id: ký, name: Ký "kết quả", agency: Ủy ban nhân dân cấp huyện, share: 1 ngày, after: [xã, huyện]}}
- procedure: {TWO_STEPS}
  version: 1
  steps:
  - {{agency: Phòng Kinh tế, share: 70%}}
  - {{agency: Ủy ban nhân dân cấp huyện, share: 30%}}
"""
BAD = FILE.replace("Phòng Kinh tế, share: 70%", "Phòng Kin tế, share: 80%")


def published(code: str = PROCEDURE, version: int = 1, days: float = 3.0, **changes: Any) -> ProcedurePublished:
    values: dict[str, Any] = {
        "procedure_code": code, "version": version, "name": "Thủ tục thử", "field": "Kinh tế", "published_at": now(),
        "mechanism": Mechanism.ONE_STOP, "agencies": ("Phòng Kinh tế",),
        "limit_value": days, "limit_unit": LimitUnit.WORKING_DAYS,
    }  # fmt: skip
    return ProcedurePublished(**(values | changes))


async def publish(routing: Service, *messages: ProcedurePublished) -> None:
    await routing.take(*(messages or (published(), published(TWO_STEPS))), topic="catalogue.procedures.v1")


async def load(routing: Service, text: str = FILE, *, dry_run: bool = False) -> ImportReport:
    file = read_workflows(text.encode(), Kind.YAML)
    return await import_workflows(Committer(routing.mongo, "/routing", now), file, dry_run=dry_run)


async def workflow(routing: Service, code: str = PROCEDURE, version: int = 1) -> Workflow:
    found = await WORKFLOWS.read(routing.mongo, workflow_id(code, version))
    assert found is not None
    return found


class TestPublished:
    async def test_a_procedure_brings_its_default_workflow_field_and_limits(self, routing: Service) -> None:
        rule = LimitRule(channel=Channel.ONLINE, case="Cấp lại", value=2.0, unit=LimitUnit.WORKING_DAYS)
        await publish(routing, published(agencies=("Phòng Kinh tế", "Sở Tư pháp"), limits=(rule,)))
        found = await workflow(routing)
        assert [(step.agency_name, step.after) for step in found.steps] == [("Phòng Kinh tế", ()), ("Sở Tư pháp", (1,))]
        assert (found.revision, found.field, found.name) == (0, "Kinh tế", "Thủ tục thử")
        assert found.agencies == ("Phòng Kinh tế", "Sở Tư pháp")
        assert found.limits == (
            StatedLimit(3.0, LimitUnit.WORKING_DAYS),
            StatedLimit(2.0, LimitUnit.WORKING_DAYS, "online", "Cấp lại"),
        )

    async def test_a_version_that_is_told_again_changes_nothing(self, routing: Service) -> None:
        await publish(routing)
        await load(routing)
        before = await workflow(routing)
        await publish(routing, published(agencies=("Sở Tư pháp",)))
        assert await workflow(routing) == before

    async def test_a_new_version_keeps_the_process_of_the_file_while_agencies_and_limits_stay(
        self, routing: Service
    ) -> None:
        await publish(routing)
        await load(routing)
        await publish(routing, published(version=2, fee_vnd=20_000))
        old, new = await workflow(routing), await workflow(routing, version=2)
        assert (new.steps, new.in_hours, new.revision, new.version) == (old.steps, True, 1, 2)
        await publish(routing, published(version=3, days=5.0), published(version=4, agencies=("Sở Tư pháp",)))
        for version in (3, 4):
            assert (await workflow(routing, version=version)).revision == 0

    async def test_a_new_version_of_a_derived_workflow_is_derived(self, routing: Service) -> None:
        await publish(routing, published(), published(version=2, name="Tên mới"))
        assert ((await workflow(routing, version=2)).revision, (await workflow(routing, version=2)).name) == (
            0,
            "Tên mới",
        )


class TestImport:
    async def test_a_file_replaces_the_workflows_and_the_same_file_again_changes_nothing(
        self, routing: Service
    ) -> None:
        await publish(routing)
        report = await load(routing)
        assert (report.stored, report.count("changed"), report.count("unchanged")) == (True, 2, 0)
        found = await workflow(routing)
        assert [(step.id, step.share, step.after) for step in found.steps] == [
            ("nhận", 8.0, ()), ("xã", 8.0, (1,)), ("huyện", 4.0, (1,)), ("ký", 8.0, (2, 3)),
        ]  # fmt: skip
        assert (found.revision, found.in_hours, found.field) == (1, True, "Kinh tế")
        documents = await routing.documents("workflows")
        again = await load(routing)
        assert (again.count("changed"), again.count("unchanged")) == (0, 2)
        assert await routing.documents("workflows") == documents
        assert await routing.documents("outbox") == []

    @pytest.mark.parametrize("text", [BAD, FILE.replace(f"procedure: {TWO_STEPS}", "procedure: 1.999999")])
    async def test_a_file_with_a_fault_changes_nothing_at_all(self, routing: Service, text: str) -> None:
        await publish(routing)
        documents = await routing.documents("workflows")
        report = await load(routing, text)
        assert (report.stored, report.refused > 0) == (False, True)
        assert await routing.documents("workflows") == documents

    async def test_a_dry_run_stores_nothing(self, routing: Service) -> None:
        await publish(routing)
        report = await load(routing, dry_run=True)
        assert (report.stored, report.count("changed")) == (False, 2)
        assert (await workflow(routing)).revision == 0

    async def test_versions_are_counted_as_numbers_and_codes_with_a_suffix_are_others(self, routing: Service) -> None:
        await publish(
            routing, *(published("1.000001", version) for version in (1, 2, 9, 10)), published("1.000001.H12", 3)
        )
        assert await known_versions(routing.mongo, ["1.000001", "1.000001.H12", "1.00000"]) == {
            "1.000001": [1, 2, 9, 10],
            "1.000001.H12": [3],
        }

    async def test_open_dossiers_keep_their_steps_and_new_ones_take_those_of_the_file(self, routing: Service) -> None:
        await publish(routing)
        await routing.take(submitted(dossier(1)))
        await load(routing)
        await routing.take(submitted(dossier(2)), submitted(dossier(3), channel=Channel.ONLINE))
        old, desk, online = [await CASES.read(routing.mongo, dossier(number)) for number in (1, 2, 3)]
        assert old is not None
        assert desk is not None
        assert online is not None
        assert [(step.agency, step.name) for step in old.steps] == [(OFFICE, "")]
        assert [(step.agency, step.name, step.after) for step in desk.steps] == [
            (OFFICE, "Thẩm định", ()), (DISTRICT, "Ý kiến của xã", (1,)),
            (DISTRICT, "Ý kiến của huyện", (1,)), (DISTRICT, 'Ký "kết quả"', (2, 3)),
        ]  # fmt: skip
        assert [step.name for step in online.steps] == ["Thẩm định", "Ý kiến của xã", 'Ký "kết quả"']
        assert [case.workflow_revision for case in (old, desk, online)] == [0, 1, 1]


class TestHttp:
    async def test_anonymous(self, routing: Service) -> None:
        for path in ("workflow", "workflow.mmd"):
            reply = await routing.http.get(f"/v1/procedures/{PROCEDURE}/{path}")
            assert (reply.status_code, reply.json()["slug"]) == (401, "key-missing")

    async def test_wrong_role(self, routing: Service) -> None:
        for path in ("workflow", "workflow.mmd"):
            headers = await routing.key("supervisor")
            reply = await routing.http.get(f"/v1/procedures/{PROCEDURE}/{path}", headers=headers)
            assert (reply.status_code, reply.json()["slug"]) == (403, "scope-missing")

    @pytest.mark.parametrize("scope", [f"counter:{COUNTER}", f"agency:{OFFICE}", "service", "operator"])
    async def test_a_workflow_is_shown_to_every_office(self, routing: Service, scope: str) -> None:
        await publish(routing)
        await load(routing)
        headers = await routing.key(scope)
        reply = await routing.http.get(f"/v1/procedures/{PROCEDURE}/workflow", headers=headers)
        assert reply.status_code == 200
        body = reply.json()
        assert (body["version"], body["revision"], body["source"]) == (1, 1, "file")
        assert body["limits"] == [{"value": 3.0, "unit": "working_days", "channel": None, "case": None}]
        assert [(step["agency"], step["hours"], step["join"]) for step in body["steps"]] == [
            ("Phòng Kinh tế", 8.0, None), ("Ủy ban nhân dân cấp xã", 8.0, None),
            (DISTRICT, 4.0, None), ("Ủy ban nhân dân cấp huyện", 8.0, "all"),
        ]  # fmt: skip

    async def test_without_a_version_the_one_in_use_is_shown(self, routing: Service) -> None:
        await publish(routing, *(published(version=version, name=f"Tên {version}") for version in (1, 2, 10)))
        headers = await routing.key("service")
        for query, meant in (({}, 10), ({"version": "2"}, 2)):
            reply = await routing.http.get(f"/v1/procedures/{PROCEDURE}/workflow", params=query, headers=headers)
            assert (reply.json()["version"], reply.json()["name"]) == (meant, f"Tên {meant}")
            reply = await routing.http.get(f"/v1/procedures/{PROCEDURE}/workflow.mmd", params=query, headers=headers)
            assert f"Tên {meant} (phiên bản {meant};" in reply.text

    async def test_the_diagram_is_text_in_utf_8(self, routing: Service) -> None:
        await publish(routing)
        await load(routing)
        headers = await routing.key("service")
        reply = await routing.http.get(f"/v1/procedures/{PROCEDURE}/workflow.mmd", headers=headers)
        assert reply.headers["content-type"] == "text/plain; charset=utf-8"
        lines = reply.content.decode().splitlines()
        assert "flowchart LR" in lines
        assert '    s4["Bước 4: Ký #34;kết quả#34;<br/>Ủy ban nhân dân cấp huyện<br/>1 ngày"]' in lines
        assert '    j4{"tất cả"}' in lines
        assert '    s1 -->|"kênh: trực tiếp"| s3' in lines

    @pytest.mark.parametrize(
        ("path", "status", "slug"),
        [
            (f"{TWO_STEPS}/workflow", 404, "workflow-unknown"),
            (f"{PROCEDURE}/workflow?version=7", 404, "workflow-unknown"),
            (f"{PROCEDURE}/workflow.mmd?version=7", 404, "workflow-unknown"),
            (f"{PROCEDURE}/workflow?version=0", 422, "request-invalid"),
            ("khai-sinh/workflow", 422, "request-invalid"),
        ],
    )
    async def test_what_is_not_there(self, routing: Service, path: str, status: int, slug: str) -> None:
        await publish(routing, published())
        reply = await routing.http.get(f"/v1/procedures/{path}", headers=await routing.key("service"))
        assert (reply.status_code, reply.json()["slug"]) == (status, slug)


class TestCommandLine:
    @pytest.fixture
    async def env(self, routing: Service, place: dict[str, str]) -> dict[str, str]:
        """The installation that the routing service of the test belongs to."""
        await publish(routing)
        return place

    async def test_a_file_is_tried_loaded_and_shown(self, env: dict[str, str], tmp_path: Path) -> None:
        file = tmp_path / "quy-trình.yaml"
        file.write_text(FILE, encoding="utf-8")
        tried = await motcua("workflows", "import", str(file), "--dry-run", **env)
        assert (tried.code, "Đổi 2" in tried.out, "Chưa lưu gì" in tried.out) == (0, True, True)
        loaded = await motcua("workflows", "import", str(file), **env)
        assert (loaded.code, "Đã nạp" in loaded.out) == (0, True), loaded.said
        again = await motcua("workflows", "import", str(file), **env)
        assert (again.code, "Đổi 0, giữ nguyên 2" in again.out, "Đã nạp" in again.out) == (0, True, False)
        shown = await motcua("workflows", "show", PROCEDURE, **env)
        assert shown.code == 0
        assert "share: 8 giờ" in shown.out
        drawn = await motcua("workflows", "show", PROCEDURE, "--as", "mermaid", "--version", "1", **env)
        assert (drawn.code, "flowchart LR" in drawn.out) == (0, True)
        data = await motcua("workflows", "show", PROCEDURE, "--as", "json", **env)
        assert (data.code, '"revision": 1' in data.out) == (0, True)

    async def test_what_is_shown_can_be_loaded_again_without_change(
        self, env: dict[str, str], routing: Service, tmp_path: Path
    ) -> None:
        await load(routing)
        file = tmp_path / "shown.yaml"
        file.write_text((await motcua("workflows", "show", PROCEDURE, **env)).out, encoding="utf-8")
        again = await motcua("workflows", "import", str(file), **env)
        assert (again.code, "Đổi 0, giữ nguyên 1" in again.out) == (0, True), again.said

    async def test_faults_are_listed_with_their_lines_and_nothing_is_loaded(
        self, env: dict[str, str], routing: Service, tmp_path: Path
    ) -> None:
        file = tmp_path / "bad.yml"
        file.write_text(BAD, encoding="utf-8")
        ended = await motcua("workflows", "import", str(file), **env)
        assert (ended.code, "rows-refused" in ended.err) == (2, True)
        for words in ("agency-unknown: Dòng 12", "Có phải là “Phòng Kinh tế”?", "workflow-shares-wrong: Dòng 9"):
            assert words in ended.out
        assert (await workflow(routing)).revision == 0

    @pytest.mark.parametrize(
        ("arguments", "slug"),
        [
            (("import", "/nowhere/file.yaml"), "file-unreadable"),
            (("import", __file__), "file-type-unknown"),
            (("show", "1.999999"), "workflow-unknown"),
            (("show", PROCEDURE, "--version", "9"), "workflow-unknown"),
        ],
    )
    async def test_a_wrong_argument_is_refused_in_words(
        self, env: dict[str, str], arguments: tuple[str, ...], slug: str
    ) -> None:
        ended = await motcua("workflows", *arguments, **env)
        assert (ended.code, slug in ended.err) == (2, True), ended.said
