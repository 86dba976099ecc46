"""The report: counts by kind, machine-readable, and short for people."""

from __future__ import annotations

import io
import json

from rich.console import Console

from motcua.check import Report, show
from motcua.check.findings import KINDS, SHOWN


def test_the_report_counts_by_kind_and_is_clean_only_without_findings() -> None:
    report = Report()
    assert report.clean
    report.add("lost", "rule", "subject", "detail")
    report.add("stuck", "other", "subject")
    assert not report.clean
    assert (report.count("lost"), report.count("stuck"), report.count("orphan")) == (1, 1, 0)
    assert report.verdict.startswith("lost 1, duplicated 0, orphan 0")


def test_as_a_dictionary_it_is_json_with_every_finding() -> None:
    report = Report(notes=["a note"])
    report.seen["dossiers"] = 3
    report.add("duplicated", "rule", "code", "2 times")
    again = json.loads(json.dumps(report.as_dict()))
    assert again["clean"] is False
    assert set(again["counts"]) == set(KINDS)
    finding = {"kind": "duplicated", "rule": "rule", "subject": "code", "detail": "2 times", "about": ""}
    assert (again["findings"], again["rules"]) == ([finding], {"rule": 1})
    assert (again["version"], again["mode"], again["at"], again["seconds"]) == (1, "full", None, 0.0)
    assert (again["seen"], again["notes"]) == ({"dossiers": 3}, ["a note"])


def test_for_people_only_the_first_findings_are_shown_and_the_rest_counted() -> None:
    report = Report()
    for number in range(SHOWN + 7):
        report.add("lost", "rule", f"dossier-{number:03d}")
    text = io.StringIO()
    show(Console(file=text, width=200), report)
    assert f"dossier-{SHOWN - 1:03d}" in text.getvalue()
    assert f"dossier-{SHOWN:03d}" not in text.getvalue()
    assert "7 mục nữa" in text.getvalue()


def test_what_a_finding_quotes_is_never_taken_for_markup() -> None:
    report = Report()
    report.add("lost", "rule", "[red]x[/nothing]", "[1, 2]")
    text = io.StringIO()
    show(Console(file=text, width=200), report)
    assert "[red]x[/nothing]" in text.getvalue()
    assert "[1, 2]" in text.getvalue()
