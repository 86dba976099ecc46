"""Workflows (quy trình nội bộ) as files bring them, as people read them, and as a diagram."""

from __future__ import annotations

from services.routing.workflows.diagram import as_mermaid
from services.routing.workflows.entries import WorkflowFile
from services.routing.workflows.read import Kind, kind_of_suffix, read_workflows
from services.routing.workflows.report import ImportReport, ReportRow
from services.routing.workflows.shown import as_data, as_yaml

__all__ = [
    "ImportReport", "Kind", "ReportRow", "WorkflowFile", "as_data", "as_mermaid", "as_yaml", "kind_of_suffix",
    "read_workflows",
]  # fmt: skip
