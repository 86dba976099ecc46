"""Workflow files that are right: what is read of them, and that what is written is read back as it was."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.problems import Invalid
from contracts.types import LimitUnit, Mechanism
from local.samples.load import read_samples
from services.routing.commands.import_agencies import read_agencies
from services.routing.domain.workflow import Arrival, Guard, StatedLimit, Workflow, WorkflowStep, derive, positions
from services.routing.domain.workflow import turns as turns_of
from services.routing.store import WORKFLOWS, workflow_id
from services.routing.workflows import Kind, WorkflowFile, as_data, as_yaml
from services.routing.workflows.csv_file import AT_ONCE
from services.routing.workflows.entries import COLUMNS
from services.routing.workflows.ways import TOLERANCE, whole
from tests.unit.routing.workflow_fixtures import AGENCIES, CODE, judge, published, read, workflow_of, yaml_of

FORK = """
- id: nhận
  name: Tiếp nhận
  agency: Ủy ban nhân dân cấp xã
  role: công chức một cửa
  share: 0.1
- id: thuế
  agency: phòng  HAI
  share: 20%
  after: [nhận]
  accept_hours: 2,5 giờ
- id: ý-kiến
  agency: H12.970.02
  share: '0,5'
  after: nhận
- agency: Phòng Một
  share: 0.4
  after: [ý-kiến, thuế]
  join: any
- agency: Phòng Một
  share: 0
  channels: [online, post]
  units: H12.970
  cases: [Cấp mới]
"""


def test_a_workflow_is_read_with_everything_that_it_states() -> None:
    workflow = workflow_of(read(yaml_of(FORK)))
    assert workflow.steps == (
        WorkflowStep("Ủy ban nhân dân cấp xã", 0.1, "Tiếp nhận", "công chức một cửa", id="nhận"),
        WorkflowStep("phòng HAI", 0.2, after=(1,), accept_hours=2.5, id="thuế"),
        WorkflowStep("H12.970.02", 0.5, after=(1,), id="ý-kiến"),
        WorkflowStep("Phòng Một", 0.4, after=(2, 3), needs=1),
        WorkflowStep("Phòng Một", 0.0, after=(4,), guard=Guard(("online", "post"), ("H12.970",), ("Cấp mới",))),
    )
    assert (workflow.revision, workflow.in_hours) == (1, False)


def test_a_step_follows_the_one_before_it_unless_it_says_otherwise() -> None:
    steps = "- {agency: Phòng Một, share: 0.5}\n" * 2 + "- {agency: Phòng Hai, share: 1, after: []}\n"
    steps += "- {agency: Phòng Một, share: 0, after: [2, 3]}"
    assert [step.after for step in workflow_of(read(yaml_of(steps))).steps] == [(), (1,), (), (2, 3)]


def test_steps_may_stand_in_any_order_and_are_kept_each_after_those_it_follows() -> None:
    steps = """
        - {id: cuối, agency: Phòng Một, share: 0.2, after: [giữa]}
        - {id: đầu, agency: Phòng Hai, share: 0.5, after: []}
        - {id: giữa, agency: Phòng Một, share: 0.3, after: [đầu]}
        """
    found = workflow_of(read(yaml_of(steps))).steps
    assert [(step.id, step.after) for step in found] == [("đầu", ()), ("giữa", (1,)), ("cuối", (2,))]


def test_steps_that_change_places_keep_the_numbers_by_which_the_file_calls_them() -> None:
    steps = """
        - {id: 3, agency: Phòng Một, share: 0.2, after: [2]}
        - {agency: Phòng Hai, share: 0.5, after: []}
        - {id: y, agency: Phòng Một, share: 0.3, after: [3]}
        """
    workflow = workflow_of(read(yaml_of(steps)))
    assert [step.id for step in workflow.steps] == ["2", "3", "y"]
    assert workflow_of(read(as_yaml(workflow))).steps == workflow.steps


def test_a_join_of_one_branch_or_of_every_branch_is_a_join_of_all() -> None:
    two = "- {id: a, agency: Phòng Một, share: 1}\n- {id: b, agency: Phòng Hai, share: 1, after: []}\n"
    for join in ("all", "2", "null", "ALL"):
        steps = two + f"- {{agency: Phòng Một, share: 0, after: [a, b], join: {join}}}"
        assert workflow_of(read(yaml_of(steps))).steps[-1].needs == 0
    for join in ("all", "any", "1"):
        steps = f"- {{agency: Phòng Một, share: 1}}\n- {{agency: Phòng Hai, share: 0, join: {join}}}"
        assert workflow_of(read(yaml_of(steps))).steps[-1].needs == 0


def test_codes_ids_and_numbers_are_texts_and_not_what_yaml_makes_of_them() -> None:
    steps = "- {id: 010, agency: Phòng Một, share: 1}\n- {id: no, agency: Phòng Hai, share: 0, after: [010]}"
    workflow = workflow_of(read(yaml_of(steps, code="1.000010")), "1.000010")
    assert [step.id for step in workflow.steps] == ["010", "no"]


@pytest.mark.parametrize("code", ["' 1.000001 . h12'", "1.000001.H12", '"1.000 001.H12"'])
def test_stray_spaces_in_a_code_do_not_matter(code: str) -> None:
    assert workflow_of(read(yaml_of("- {agency: Phòng Một, share: 1}", code=code)), "1.000001.H12").revision == 1


def test_decomposed_letters_are_composed() -> None:
    steps = "- {agency: Pho\u0300ng M\u00f4\u0323t, share: 1, cases: []}"
    assert workflow_of(read(yaml_of(steps))).steps[0].agency_name == "Phòng Một"


def test_without_a_version_the_one_in_use_is_meant() -> None:
    known = [published(CODE, version) for version in (1, 2, 11)]
    for more, meant in (("", 11), ("version: 2", 2)):
        report, work = judge(read(yaml_of("- {agency: Phòng Một, share: 1}", more=more)), *known)
        assert [(row.version, row.outcome, row.revision, row.steps) for row in report.rows] == [
            (meant, "changed", 1, 1)
        ]
        revisions = {v: work.get(WORKFLOWS, workflow_id(CODE, v)).revision for v in (1, 2, 11)}  # type: ignore[union-attr]
        assert revisions == {1: 0, 2: 0, 11: 0} | {meant: 1}


def test_the_same_file_again_changes_nothing_and_another_is_the_next_revision() -> None:
    first = workflow_of(read(yaml_of(FORK)))
    report, work = judge(read(yaml_of(FORK)), first)
    assert (report.rows[0].outcome, report.rows[0].revision, report.stored) == ("unchanged", 1, True)
    assert work.get(WORKFLOWS, workflow_id(CODE, 1)) is first
    report, work = judge(read(yaml_of(FORK.replace("2,5", "3"))), first)
    assert (report.rows[0].outcome, report.rows[0].revision) == ("changed", 2)


def test_a_dry_run_says_the_same_and_changes_nothing() -> None:
    real, _ = judge(read(yaml_of(FORK)))
    report, work = judge(read(yaml_of(FORK)), dry_run=True)
    assert report == replace(real, dry_run=True, stored=False)
    assert work.get(WORKFLOWS, workflow_id(CODE, 1)) == published()


def test_a_table_says_the_same_as_a_tree() -> None:
    table = (
        "Procedure;version;id;name;agency;role;share;after;join;accept hours;channels;units;cases\r\n"
        f"{CODE};;nhận;Tiếp nhận;Ủy ban nhân dân cấp xã;công chức một cửa;0,1;;;;;;\r\n"
        ";;thuế;;phòng HAI;;20%;nhận;;2,5;;;\r\n"
        f"{CODE};;ý-kiến;;H12.970.02;;0,5;nhận;;;;;\r\n"
        "\r\n"
        ";;;;Phòng Một;;0,4;thuế, ý-kiến;any;;;;\r\n"
        ';;;;Phòng Một;;0;;;;"online; post";H12.970;Cấp mới\r\n'
    )
    assert workflow_of(read("\ufeff" + table, Kind.CSV)) == workflow_of(read(yaml_of(FORK)))


def test_a_table_may_hold_several_procedures_and_versions() -> None:
    rows = (f"{CODE},2,Phòng Một,1", "1.000002,,Phòng Hai,0.5", ",,Phòng Một,0.5", f"{CODE},1,Phòng Hai,1")
    table = "\n".join(["procedure,version,agency,share", *rows])
    report, _ = judge(read(table, Kind.CSV), published(CODE, 1), published(CODE, 2), published("1.000002"))
    assert [(row.line, row.procedure, row.version, row.steps) for row in report.rows] == [
        (2, CODE, 2, 1), (3, "1.000002", 1, 2), (5, CODE, 1, 1),
    ]  # fmt: skip


UNHURRIED = settings(deadline=None)
"""The machine may be busy."""
TEXTS = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=40).map(
    lambda text: " ".join(unicodedata.normalize("NFC", text).split())
)

GUARDS = st.builds(
    Guard,
    st.sampled_from([(), ("online",), ("counter", "post")]),
    st.sampled_from([(), ("H12.970",), ("H12.970.155", "H12.970")]),
    st.sampled_from([(), ("Cấp mới",), ("Cấp lại: [lần 2], #3", "no")]),
)


@st.composite
def workflows(draw: st.DrawFn) -> Workflow:
    """Any workflow that a file may state: each step follows some of those before it, all ways end in the last."""
    size = draw(st.integers(1, 8))
    after: list[tuple[int, ...]] = [()]
    for number in range(2, size + 1):
        after.append(tuple(sorted(draw(st.sets(st.integers(1, number - 1), min_size=1, max_size=3)))))
    open_ends = set(range(1, size + 1)) - {before for ones in after for before in ones}
    after.append(tuple(sorted(open_ends)))
    passed = [_earlier(after, ones) for ones in after]
    steps = [
        WorkflowStep(
            agency_name=draw(st.sampled_from(["Phòng Một", "H12.970.03", "Ủy ban nhân dân cấp xã"])),
            share=0.0,
            name=draw(TEXTS),
            role=draw(TEXTS),
            after=ones,
            # Where any branch will do, none may lie behind another.
            needs=0 if len(ones) < 2 or set(ones) & passed[n] else draw(st.integers(0, len(ones) - 1)),
            accept_hours=draw(st.sampled_from([None, 0.5, 4.0, 400.0])),
            id=draw(st.sampled_from(["", f"bước-{n}", f"x.{n}"])),
        )
        for n, ones in enumerate(after)
    ]
    partial = any(step.needs for step in steps)
    steps = [
        replace(step, guard=draw(GUARDS) if 0 < n < size and not (partial and len(step.after) > 1) else Guard())
        for n, step in enumerate(steps)
    ]
    in_hours = draw(st.booleans())
    return _timed(draw, Workflow(CODE, 1, Mechanism.ONE_STOP, tuple(steps), revision=1, in_hours=in_hours))


def _earlier(after: list[tuple[int, ...]], of: tuple[int, ...]) -> set[int]:
    """Everything before the steps named."""
    found = {before for number in of for before in after[number - 1]}
    return found | (_earlier(after, tuple(found)) if found else set())


def _timed(draw: st.DrawFn, workflow: Workflow) -> Workflow:
    """Shares of which the longest way is the whole: 80 hours, or 1."""
    weights = [float(draw(st.integers(0, 40))) for _ in workflow.steps]
    steps = [replace(step, share=weight) for step, weight in zip(workflow.steps, weights, strict=True)]
    length = whole(replace(workflow, steps=tuple(steps)))
    steps[-1] = replace(steps[-1], share=float(Fraction(400) - length + Fraction(str(steps[-1].share))))
    parts = 5 if workflow.in_hours else 400
    return replace(workflow, steps=tuple(replace(step, share=step.share / parts) for step in steps))


@UNHURRIED
@given(workflows())
def test_any_workflow_that_is_written_is_read_back_as_it_was(workflow: Workflow) -> None:
    """The last step takes part always, so the whole is the same for every arrival's longest way at the most."""
    text = as_yaml(workflow)
    report, work = judge(read(text), published(CODE, 1, StatedLimit(10.0, LimitUnit.WORKING_DAYS)))
    assert not report.refused, (report.rows, text)
    found = work.get(WORKFLOWS, workflow_id(CODE, 1))
    assert found is not None
    assert (found.steps, found.in_hours and any(step.share for step in found.steps)) == (
        workflow.steps,
        workflow.in_hours,
    )


@UNHURRIED
@given(workflows())
def test_a_table_of_any_workflow_is_read_as_the_tree(workflow: Workflow) -> None:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for row in as_data(workflow)["steps"]:
        ids = [step["id"] for step in as_data(workflow)["steps"]]
        said: dict[str, Any] = {name: row[name] for name in ("id", "name", "agency", "role", "accept_hours")}
        said["share"] = f"{row['hours']} giờ" if workflow.in_hours else workflow.steps[row["step"] - 1].share
        said["after"] = "; ".join(ids[number - 1] for number in row["after"]) or AT_ONCE
        said["join"] = row["join"] or ""
        said |= {name: "; ".join(row[name]) for name in ("channels", "units", "cases")}
        writer.writerow({"procedure": CODE, "version": 1} | said)
    table, tree = read(out.getvalue(), Kind.CSV), read(as_yaml(replace(workflow, steps=_with_ids(workflow))))
    assert not table.refused
    assert table.entries[0].draft == tree.entries[0].draft


def _with_ids(workflow: Workflow) -> tuple[WorkflowStep, ...]:
    return tuple(replace(step, id=step.id or str(number)) for number, step in enumerate(workflow.steps, 1))


@UNHURRIED
@given(st.lists(st.sampled_from([agency.name for agency in AGENCIES.agencies]), min_size=1, max_size=20))
def test_a_derived_workflow_that_is_written_can_be_loaded_and_means_the_same(agencies: list[str]) -> None:
    derived = derive(CODE, 1, Mechanism.ONE_STOP, tuple(agencies))
    loaded = workflow_of(read(as_yaml(derived)))
    arrival = Arrival("H12.970.155.00")
    before, after = turns_of(derived, AGENCIES, arrival), turns_of(loaded, AGENCIES, arrival)
    assert [turn.agency for turn in before] == [turn.agency for turn in after]
    for was, now in zip(positions(before), positions(after), strict=True):
        assert abs(was - now) <= TOLERANCE


@UNHURRIED
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)), st.sampled_from(Kind))
def test_nothing_that_is_sent_breaks_the_reader(content: bytes, kind: Kind) -> None:
    file = _read_or_refused(content, kind)
    assert file is None or file.refused or all(entry.draft for entry in file.entries)


KEYS = ("procedure", "version", "steps", "agency", "share", "after", "join", "id", "units", "accept_hours", "x")
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 5), st.floats(allow_nan=True), TEXTS, st.sampled_from(["a", "any", CODE])
)
NESTED = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
)


@UNHURRIED
@given(st.lists(st.dictionaries(st.sampled_from(KEYS), NESTED, max_size=5), max_size=3))
def test_no_tree_breaks_the_reader(listed: list[dict[str, Any]]) -> None:
    text = yaml.safe_dump({"workflows": listed}, allow_unicode=True)
    file = _read_or_refused(text.encode(), Kind.YAML)
    if file is not None:
        report, _ = judge(file)
        assert all(1 <= row.line <= text.count("\n") + 1 for row in report.rows)


def _read_or_refused(content: bytes, kind: Kind) -> WorkflowFile | None:
    """None: refused with a slug, which is the only other way out."""
    try:
        return read(content, kind)
    except Invalid:
        return None


GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "operator.md"


@pytest.fixture(scope="module")
def sample_catalogue() -> list[Workflow]:
    """The sample procedures as routing knows them."""
    return [
        Workflow(
            p.code, 1, p.mechanism, (), p.field, name=p.name, agencies=p.agencies,
            limits=(StatedLimit(p.limit_value, p.limit_unit),),
        )
        for p in read_samples().catalogue().procedures
        if p.limit_value is not None and p.limit_unit is not None
    ]  # fmt: skip


def test_the_example_of_the_guide_can_be_loaded(sample_catalogue: list[Workflow]) -> None:
    [example] = re.findall(r"```yaml\n(workflows:\n.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    directory = read_agencies(read_samples().agencies_file.read_bytes())
    report, _ = judge(read(example), *sample_catalogue, directory=directory)
    assert [(row.outcome, row.steps) for row in report.rows] == [("changed", 5)], report.rows


def test_the_sample_file_fits_the_sample_catalogue_and_directory(sample_catalogue: list[Workflow]) -> None:
    samples = read_samples()
    file = read(samples.workflows_file.read_bytes())
    report, work = judge(file, *sample_catalogue, directory=read_agencies(samples.agencies_file.read_bytes()))
    assert not report.refused, report.rows
    steps = [
        step
        for row in report.rows
        for step in (work.get(WORKFLOWS, workflow_id(row.procedure, 1)) or sample_catalogue[0]).steps
    ]
    assert {step.needs for step in steps} == {0, 1, 2}
    assert any(step.guard != Guard() for step in steps)
    assert any(len(step.after) > 1 and not step.needs for step in steps)
