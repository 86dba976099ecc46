"""Alerts and dashboard: every expression parses and asks for what the catalogue has, every metric is on a panel, every
alert says what to do and has a runbook, and the files are those that the catalogue makes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from motcua.monitoring import __main__ as monitoring
from motcua.monitoring.dashboard import SUMMED, dashboard, definition_of, queries
from motcua.monitoring.panels import ROWS
from services.kit import metrics
from services.kit.alerts import ALERTS, ELSEWHERE, Alert
from tests.unit.docs.test_docs import definitions

ROOT = Path(__file__).parents[3]
RUNBOOKS = ROOT / "docs" / "runbooks"
GIVEN_BY_SCRAPING = {"service", "role", "job", "instance"}
PANELS = [(name, number) for names in ROWS.values() for name in names for number in range(len(queries(name)))]


def parts(text: str) -> list[Any]:
    """All nodes of an expression."""
    found: list[Any] = []
    promql_parser.walk(promql_parser.parse(text), found.append)
    return found


def selectors(text: str) -> list[Any]:
    found = [part for part in parts(text) if isinstance(part, promql_parser.VectorSelector)]
    assert found, text
    return found


def grouped_by(text: str) -> set[str]:
    sums = [part for part in parts(text) if isinstance(part, promql_parser.AggregateExpr)]
    return {label for part in sums if part.modifier is not None for label in part.modifier.labels}


def labels_of(exported: str) -> set[str]:
    """Of a metric as Prometheus sees it. Raises: AssertionError: no such metric."""
    name = exported.removeprefix("motcua_")
    assert name != exported, exported
    for suffix in ("_bucket", "_sum", "_count"):
        if name.removesuffix(suffix) in metrics.HISTOGRAMS:
            return {*definition_of(name.removesuffix(suffix)).labels, *({"le"} if suffix == "_bucket" else ())}
    assert name in metrics.COUNTERS or name in metrics.GAUGES, exported
    return set(definition_of(name).labels)


def asks_for_what_exists(text: str) -> None:
    known = set(GIVEN_BY_SCRAPING)
    for selector in selectors(text):
        if selector.name in ELSEWHERE:
            continue
        own = labels_of(selector.name) | GIVEN_BY_SCRAPING
        assert {matcher.name for matcher in selector.matchers.matchers} <= own, text
        known |= own
    assert grouped_by(text) <= known, text


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: str(alert.name))
def test_every_alert_asks_for_what_exists_and_says_what_to_do(alert: Alert) -> None:
    asks_for_what_exists(alert.expr)
    assert alert.for_ == "0m" or promql_parser.parse_duration(alert.for_) is not None
    assert len(alert.what_to_do) > 20
    page = (RUNBOOKS / alert.runbook).read_text(encoding="utf-8")
    assert alert.name in page, "the runbook names the alert that leads to it"
    assert f"]({alert.runbook})" in (RUNBOOKS / "README.md").read_text(encoding="utf-8")
    assert f"| `{alert.name}` | {alert.severity} | {alert.for_} |" in metrics_page()


def test_no_alert_is_explained_that_does_not_exist() -> None:
    named = {line.split("`")[1] for line in metrics_page().splitlines() if line.startswith("| `Motcua")}
    assert named == {alert.name for alert in ALERTS}


def metrics_page() -> str:
    return (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ['sum(motcua_no_such_metric{a="b"})', "sum by (color) (motcua_outbox_pending)"])
def test_a_metric_or_label_that_does_not_exist_is_found(text: str) -> None:
    with pytest.raises(AssertionError):
        asks_for_what_exists(text)


@pytest.mark.parametrize(("name", "number"), PANELS)
def test_every_panel_asks_for_what_exists(name: str, number: int) -> None:
    asks_for_what_exists(queries(name)[number][0].replace("$__rate_interval", "5m"))


def test_every_metric_is_on_one_panel() -> None:
    placed = [name for names in ROWS.values() for name in names]
    assert sorted(placed) == sorted(definitions())
    assert set(metrics.GAUGES) >= SUMMED


def test_the_dashboard_has_the_shape_that_grafana_imports() -> None:
    made = dashboard()
    panels = made["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}  # fmt: skip  # noqa: E501
        assert not cells & taken, panel["title"]
        taken |= cells
        for target in panel.get("targets", ()):
            assert target["datasource"] == {"type": "prometheus", "uid": "${source}"}
    assert {variable["name"] for variable in made["templating"]["list"]} == {"source", "service"}


def test_the_files_are_those_that_the_catalogue_makes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert monitoring.stale(monitoring.FOLDER) == [], "run `make monitoring`"
    assert monitoring.main([], tmp_path) == 0
    assert monitoring.main(["--check"], tmp_path) == 0
    rules = yaml.safe_load((tmp_path / "alerts.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
    assert [rule["alert"] for rule in rules] == [alert.name for alert in ALERTS]
    assert json.loads((tmp_path / "dashboard.json").read_text(encoding="utf-8"))["uid"] == "motcua"
    (tmp_path / "alerts.yml").write_text("groups: []", encoding="utf-8")
    assert monitoring.main(["--check"], tmp_path) == 1
    assert "alerts.yml" in capsys.readouterr().err


def test_prometheus_looks_at_every_process_of_the_compose_file() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    processes = {name for name in compose if name.endswith(("-api", "-worker"))}
    scraped = yaml.safe_load(monitoring.expected()["prometheus.yml"])["scrape_configs"][0]["static_configs"]
    targets = dict(target["targets"][0].split(":") for target in scraped)
    assert set(targets) == processes
    for name, port in targets.items():
        setting = f"{name.upper().replace('-', '_')}_PORT"
        assert compose[name]["environment"][setting] == port
