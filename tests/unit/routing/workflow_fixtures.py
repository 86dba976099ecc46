"""Workflow files, and judging them without a database."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

from contracts.types import LimitUnit, Mechanism
from services.kit.work import Work
from services.routing.commands.import_workflows import ImportWorkflows
from services.routing.domain.directory import Agency, Directory
from services.routing.domain.workflow import StatedLimit, Workflow, derive
from services.routing.store import DIRECTORY, THE_DIRECTORY, WORKFLOWS, workflow_id
from services.routing.workflows import ImportReport, Kind, WorkflowFile, read_workflows
from tests.unit.routing.case_fixtures import AT

CODE = "1.000001"
AGENCIES = Directory(
    (
        Agency("H12.970", "Ủy ban nhân dân huyện Thử", "huyện", None, "people_committee"),
        Agency("H12.970.02", "Phòng Một", "huyện", "H12.970", "division"),
        Agency("H12.970.03", "Phòng Hai", "huyện", "H12.970", "division"),
        Agency("H12.970.155", "Ủy ban nhân dân xã Thử", "xã", "H12.970", "people_committee"),
    )
)


def yaml_of(steps: str, *, code: str = CODE, more: str = "") -> bytes:
    """One workflow; its `procedure` is in line 2, its steps begin in line 4 (5 with `more`)."""
    head = f"workflows:\n- procedure: {code}\n" + (f"  {more}\n" if more else "") + "  steps:\n"
    return (head + "".join(f"  {line}\n" for line in dedent(steps).strip("\n").splitlines())).encode()


def read(content: bytes | str, kind: Kind = Kind.YAML) -> WorkflowFile:
    return read_workflows(content.encode() if isinstance(content, str) else content, kind)


def published(code: str = CODE, version: int = 1, *limits: StatedLimit) -> Workflow:
    workflow = derive(code, version, Mechanism.ONE_STOP, ("Phòng Một",), "Thử")
    return replace(workflow, name="Thủ tục thử", limits=limits or (StatedLimit(10.0, LimitUnit.WORKING_DAYS),))


def judge(
    file: WorkflowFile, *known: Workflow, directory: Directory = AGENCIES, dry_run: bool = False
) -> tuple[ImportReport, Work]:
    """What the import decides on given workflows, without a database."""
    work = Work("/routing", AT)
    work.put(DIRECTORY, THE_DIRECTORY, directory)
    versions: dict[str, list[int]] = {}
    for workflow in known or (published(),):
        versions.setdefault(workflow.procedure_code, []).append(workflow.version)
        work.put(WORKFLOWS, workflow_id(workflow.procedure_code, workflow.version), workflow)
    work.keep()
    return ImportWorkflows(file, versions, dry_run).decide(work, AT), work


def refused(content: bytes | str, *known: Workflow, kind: Kind = Kind.YAML) -> list[tuple[int, str]]:
    """Lines and slugs of everything that is wrong with a file."""
    report, _ = judge(read(content, kind), *known)
    assert not report.stored or not report.refused
    assert all(
        row.reason.startswith(f"Dòng {row.line}: ") and row.reason[-1] in ".?" for row in report.rows if row.slug
    )
    return [(row.line, row.slug) for row in report.rows if row.slug]


def workflow_of(file: WorkflowFile, code: str = CODE, version: int = 1) -> Workflow:
    """The workflow that a file without faults puts in place."""
    report, work = judge(file, published(code, version))
    assert not report.refused, report.rows
    found = work.get(WORKFLOWS, workflow_id(code, version))
    assert found is not None
    return found
