"""The Grafana dashboard: one panel for each metric, with its meaning and what to do."""

from __future__ import annotations

from typing import Any

from motcua.monitoring.panels import ROWS
from services.kit import metrics
from services.kit.metrics import Definition

UID = "motcua"
WIDTH, HEIGHT, ACROSS = 8, 8, 3
SOURCE = {"type": "prometheus", "uid": "${source}"}


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana imports it."""
    panels: list[dict[str, Any]] = []
    y = 0
    for title, named in ROWS.items():
        panels.append(_row(len(panels) + 1, title, y))
        y += 1
        for number, (name, words) in enumerate(named.items()):
            place = {"x": WIDTH * (number % ACROSS), "y": y + HEIGHT * (number // ACROSS), "w": WIDTH, "h": HEIGHT}
            panels.append(_panel(len(panels) + 1, name, words, place))
        y += HEIGHT * -(-len(named) // ACROSS)
    return {
        "uid": UID,
        "title": "Một cửa điện tử",
        "tags": ["motcua"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "timezone": "Asia/Ho_Chi_Minh",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [_source(), _service()]},
        "panels": panels,
    }


def definition_of(name: str) -> Definition:
    """Raises: KeyError: no such metric."""
    known: dict[str, Definition] = {
        **{name: found for name, found in metrics.COUNTERS.items()},
        **{name: found for name, found in metrics.GAUGES.items()},
        **{name: found for name, (found, _) in metrics.HISTOGRAMS.items()},
    }
    return known[name]


def queries(name: str) -> list[tuple[str, str]]:
    """What is drawn of a metric: PromQL and legend."""
    labels = definition_of(name).labels
    by = ", ".join(("service", *labels))
    legend = " ".join(f"{{{{{label}}}}}" for label in ("service", *labels))
    chosen = f'motcua_{name}{{service=~"$service"}}'
    if name in metrics.COUNTERS:
        return [(f"sum by ({by}) (rate({chosen}[$__rate_interval]))", legend)]
    if name in metrics.HISTOGRAMS:
        buckets = f'sum by ({by}, le) (rate(motcua_{name}_bucket{{service=~"$service"}}[$__rate_interval]))'
        return [(f"histogram_quantile({share}, {buckets})", f"{legend} p{share * 100:g}") for share in (0.5, 0.99)]
    how = "sum" if name in SUMMED else "max"
    return [(f"{how} by ({by}) ({chosen})", legend)]


SUMMED = frozenset({"consumer_lag", "lease_held"})
"""Gauges of which every process has its part; of the others the one that leads knows best."""


def _panel(id: int, name: str, words: str, place: dict[str, int]) -> dict[str, Any]:
    found = definition_of(name)
    unit = "s" if name.endswith("_seconds") else "cps" if name in metrics.COUNTERS else "short"
    return {
        "id": id,
        "type": "timeseries",
        "title": words,
        "description": f"`motcua_{name}`. {found.meaning} **What to do:** {found.what_to_do}",
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [
            {"refId": chr(ord("A") + number), "expr": expr, "legendFormat": legend, "datasource": SOURCE}
            for number, (expr, legend) in enumerate(queries(name))
        ],
    }


def _row(id: int, title: str, y: int) -> dict[str, Any]:
    return {"id": id, "type": "row", "title": title, "collapsed": False, "panels": [],
            "gridPos": {"x": 0, "y": y, "w": WIDTH * ACROSS, "h": 1}}  # fmt: skip


def _source() -> dict[str, Any]:
    return {"name": "source", "type": "datasource", "query": "prometheus", "label": "Nguồn"}


def _service() -> dict[str, Any]:
    return {
        "name": "service",
        "type": "query",
        "label": "Dịch vụ",
        "datasource": SOURCE,
        "query": 'label_values(up{job="motcua"}, service)',
        "refresh": 2,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
    }
