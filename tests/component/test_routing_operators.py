"""What operators do with routing: rights first, then the policy, and the commands."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from pathlib import Path

import pytest

from contracts.events import agency as said
from contracts.problems import Invalid
from services.routing.commands.import_policy import ImportPolicy, PolicyImported
from services.routing.domain.policy import Policy
from services.routing.open_cases import reschedule
from services.routing.policies import read_policy
from services.routing.store import POLICIES, THE_POLICY
from tests.component.cli_fixtures import motcua
from tests.component.operator_fixtures import act, case, changes_told, close, committer, open_cases
from tests.component.service_fixtures import (
    COUNTER,
    DISTRICT,
    OFFICE,
    Service,
)
from tests.replies import slug


class TestRights:
    PATHS = ("/v1/recomputations", f"/v1/recomputations/{'0' * 36}", "/v1/stuck")

    async def test_anonymous(self, routing: Service) -> None:
        for path in (*self.PATHS, "/v1/policy"):
            assert slug(await routing.http.get(path)) == (401, "key-missing")

    async def test_wrong_role(self, routing: Service) -> None:
        office = await routing.key(f"agency:{OFFICE}", f"counter:{COUNTER}", "head")
        for path in self.PATHS:
            assert slug(await routing.http.get(path, headers=office)) == (403, "scope-missing")
        nobody = await routing.key("backfill")
        assert slug(await routing.http.get("/v1/policy", headers=nobody)) == (403, "scope-missing")

    async def test_operators_and_services_read(self, routing: Service) -> None:
        for scope in ("operator", "service"):
            headers = await routing.key(scope)
            for path in ("/v1/recomputations", "/v1/stuck", "/v1/policy"):
                assert (await routing.http.get(path, headers=headers)).status_code == 200
            unknown = await routing.http.get(self.PATHS[1], headers=headers)
            assert slug(unknown) == (404, "recomputation-unknown")
            malformed = await routing.http.get("/v1/recomputations/x", headers=headers)
            assert slug(malformed) == (422, "request-invalid")


class TestPolicy:
    async def _import(self, routing: Service, content: str, *, dry_run: bool = False) -> PolicyImported:
        return await committer(routing).run(ImportPolicy(read_policy(content.encode()), dry_run))

    async def test_a_file_replaces_it_and_the_same_again_changes_nothing(self, routing: Service) -> None:
        first = await self._import(routing, "accept_hours: 2")
        again = await self._import(routing, "accept_hours: 2")
        back = await self._import(routing, "accept_hours: 4")
        assert [(one.stored, one.after.revision) for one in (first, again, back)] == [(True, 1), (False, 1), (True, 2)]
        stored = await POLICIES.read(routing.mongo, THE_POLICY)
        assert stored is not None
        assert stored.policy == Policy()

    async def test_a_dry_run_stores_nothing(self, routing: Service) -> None:
        tried = await self._import(routing, "accept_hours: 2", dry_run=True)
        assert (tried.changed, tried.stored, tried.after.policy.accept_hours) == (True, False, 2.0)
        assert await POLICIES.read(routing.mongo, THE_POLICY) is None

    async def test_an_agency_that_nobody_knows_refuses_the_whole_file(self, routing: Service) -> None:
        content = f"accept_hours: x\nrules:\n  - {{name: a, when: overdue, to: {OFFICE}9}}\n"
        with pytest.raises(Invalid) as caught:
            await self._import(routing, content)
        assert caught.value.slug == "policy-refused"
        faults = caught.value.facts["faults"]
        assert isinstance(faults, list)
        assert [(row["line"], row["slug"]) for row in faults] == [(1, "policy-hours-malformed"), (3, "agency-unknown")]
        assert OFFICE in faults[1]["reason"], "what was meant is suggested"
        assert await POLICIES.read(routing.mongo, THE_POLICY) is None

    async def test_open_cases_follow_it_without_a_change_that_agencies_see(self, routing: Service) -> None:
        [code] = await open_cases(routing, 1)
        before = await case(routing, code)
        await self._import(routing, "rules: []\nstep_due_soon_hours: 1")
        assert (await case(routing, code)).timers == before.timers, "pending timers are those of the last change"
        assert await reschedule(routing.mongo, committer(routing)) == (1, 0)
        after = await case(routing, code)
        assert {timer.rule for timer in before.timers} - {None} == {"not-accepted", "step-overdue", "overdue"}
        assert {timer.rule for timer in after.timers} == {None}
        warned = [[timer.at for timer in one.timers if timer.kind.value == "step-due-soon"] for one in (before, after)]
        assert warned[0] < warned[1]
        assert after.revision == before.revision
        assert await reschedule(routing.mongo, committer(routing)) == (0, 0)

    async def test_one_case_that_cannot_be_rescheduled_stops_no_other(self, routing: Service) -> None:
        codes = await open_cases(routing, 3)
        beyond = {"due_at": datetime.fromisoformat("2099-12-31T10:00:00+00:00"), "timers": []}
        await routing.mongo.collection("cases").update_one({"_id": codes[0]}, {"$set": beyond})
        await self._import(routing, "reminder_hours: 100")
        assert await reschedule(routing.mongo, committer(routing)) == (2, 1)

    async def test_an_agency_sees_its_own_substitutes_alone(self, routing: Service) -> None:
        row = "officer: cb.a, substitute: cb.b, first_day: 2026-12-01, last_day: 2026-12-15"
        await self._import(routing, f"substitutes: [{{agency: {OFFICE}, {row}}}, {{agency: {DISTRICT}, {row}}}]")
        for scope, seen in (
            (f"agency:{OFFICE}", [OFFICE]),
            (f"counter:{COUNTER}", []),
            ("operator", [OFFICE, DISTRICT]),
        ):
            reply = (await routing.http.get("/v1/policy", headers=await routing.key(scope))).json()
            assert [row["agency"] for row in reply["substitutes"]] == seen
            assert (reply["revision"], reply["accept_hours"], len(reply["rules"])) == (1, 4, 4)


class TestCommandLine:
    @pytest.fixture
    def place(self, mongodb_url: str, prefix: str) -> dict[str, str]:
        return {"MONGODB_URL": mongodb_url, "MONGODB_PREFIX": prefix}

    async def test_the_policy_is_shown_changed_and_imported(
        self, routing: Service, place: dict[str, str], tmp_path: Path
    ) -> None:
        [code] = await open_cases(routing, 1)
        shown = await motcua("policy", "show", **place)
        assert read_policy(shown.out.encode()).policy == Policy()
        file = tmp_path / "policy.yaml"
        file.write_text(shown.out.replace("reminder_hours: 40", "reminder_hours: 16"), encoding="utf-8")
        tried = await motcua("policy", "import", str(file), "--dry-run", **place)
        assert (tried.code, "-reminder_hours: 40" in tried.out, "+reminder_hours: 16" in tried.out) == (0, True, True)
        assert "Chưa lưu gì" in tried.out
        before = await case(routing, code)
        done = await motcua("policy", "import", str(file), **place)
        assert (done.code, "lần sửa 1" in done.out, "ở 1 hồ sơ" in done.out) == (0, True, True), done.said
        assert (await case(routing, code)).timers != before.timers
        again = await motcua("policy", "import", str(file), **place)
        assert (again.code, "không đổi" in again.out, "ở 0 hồ sơ" in again.out) == (0, True, True)
        file.write_text("accept_hour: 4\nrules: 4\n", encoding="utf-8")
        refused = await motcua("policy", "import", str(file), **place)
        assert refused.code == 2
        for words in ("policy-refused", "policy-key-unknown", "policy-type-wrong", "accept_hours"):
            assert words in refused.said
        applied = await motcua("policy", "apply", **place)
        assert (applied.code, "ở 0 hồ sơ" in applied.out) == (0, True)

    async def test_recomputing_is_tried_then_done_and_reported(
        self, routing: Service, place: dict[str, str], tmp_path: Path
    ) -> None:
        [code] = await open_cases(routing, 1)
        await close(routing, (await case(routing, code)).due_at)
        tried = await motcua("recompute", "--dry-run", **place)
        assert (tried.code, code in tried.out, "Nghỉ bão" in tried.out, "chạy thử" in tried.out) == (
            0,
            True,
            True,
            True,
        )
        for options, expected in (
            ((), "account-malformed"),
            (("--by", "van.hanh"), "reason-missing"),
            (("--dry-run", "--resume", "x"), "options-exclusive"),
            (("--resume", "x"), "recomputation-unknown"),
        ):
            refused = await motcua("recompute", *options, **place)
            assert (refused.code, expected in refused.said) == (2, True), refused.said
        file = tmp_path / "report.csv"
        done = await motcua("recompute", "--by", "van.hanh", "--reason", "Nghỉ bão", "--report", str(file), **place)
        assert (done.code, "1 hồ sơ đổi hạn" in done.out) == (0, True), done.said
        [row] = csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines())
        assert (row["code"], "Nghỉ bão" in row["explained"]) == (code, True)
        assert len(await changes_told(routing, code)) == 1

    async def test_what_is_stuck_is_listed_with_its_cure(self, routing: Service, place: dict[str, str]) -> None:
        [code] = await open_cases(routing, 1)
        nothing = await motcua("stuck", **place)
        assert (nothing.code, "Không có gì kẹt" in nothing.out) == (0, True), nothing.said
        for agency in (OFFICE, DISTRICT):
            await act(routing, said.DeclineTransfer(code=code, agency=agency, step=1, reason="not-ours"))
        listed = await motcua("stuck", **place)
        assert (listed.code, code in listed.out, "unplaced" in listed.out) == (1, True, True)
        as_json = await motcua("stuck", "--json", **place)
        [finding] = json.loads(as_json.out)
        assert (finding["service"], finding["kind"], finding["key"]) == ("routing", "unplaced", code)
