"""Files to workflows, whole or not at all; what is wrong is noted with its line."""

from __future__ import annotations

from enum import StrEnum

from contracts.problems import Invalid
from services.routing.workflows.csv_file import read_csv
from services.routing.workflows.entries import WorkflowFile
from services.routing.workflows.steps import read_entry
from services.routing.workflows.text import decoded
from services.routing.workflows.yaml_file import read_yaml

MOST_WORKFLOWS = 2_000
"""They are replaced in one transaction."""


class Kind(StrEnum):
    """Kinds of workflow files."""

    YAML = "yaml"
    CSV = "csv"


def kind_of_suffix(suffix: str) -> Kind:
    """What a file name says.

    Raises: Invalid `file-type-unknown`.
    """
    kinds = {".yaml": Kind.YAML, ".yml": Kind.YAML, ".csv": Kind.CSV}
    if suffix.lower() not in kinds:
        raise Invalid("file-type-unknown", "Tệp quy trình phải có đuôi .yaml, .yml hoặc .csv.")
    return kinds[suffix.lower()]


def read_workflows(content: bytes, kind: Kind) -> WorkflowFile:
    """Read a file of workflows.

    Raises: Invalid, when it cannot be read at all (`file-…`, `column-…`, `yaml-…`); other faults are in the result.
    """
    text = decoded(content)
    workflows, refused = read_yaml(text) if kind is Kind.YAML else read_csv(text)
    if len(workflows) > MOST_WORKFLOWS:
        raise Invalid("file-too-long", f"Tệp có hơn {MOST_WORKFLOWS} quy trình. Hãy chia thành nhiều tệp.")
    if not workflows and not refused:
        raise Invalid("file-empty", "Tệp không có quy trình nào.")
    entries = tuple(read_entry(raw, refused) for raw in workflows)
    return WorkflowFile(entries, tuple(refused))
