"""The checker: compares event log, databases and (locally) phone networks, and says what is lost, doubled or stuck."""

from __future__ import annotations

from motcua.check.findings import Finding, Report
from motcua.check.incremental import Options
from motcua.check.run import Sources, check
from motcua.check.session import full_check, incremental_check
from motcua.check.show import show
from motcua.check.verdicts import last_verdict

__all__ = [
    "Finding",
    "Options",
    "Report",
    "Sources",
    "check",
    "full_check",
    "incremental_check",
    "last_verdict",
    "show",
]
