"""The checker: compares event log, databases and (locally) phone networks, and says what is lost, doubled or stuck."""

from __future__ import annotations

from motcua.check.findings import Finding, Report
from motcua.check.run import Sources, check
from motcua.check.show import show

__all__ = ["Finding", "Report", "Sources", "check", "show"]
