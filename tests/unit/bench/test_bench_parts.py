"""What the benchmarks are made of, without an engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.capacity import MEASURED, PLACES, Place, day, longest_lag, needs, table
from bench.chart import svg
from bench.raw_road import Volume
from bench.result import Bars, Goal, middle

DOCUMENT = Path(__file__).parents[3] / "docs" / "capacity.md"


def test_the_document_shows_the_table_that_the_script_prints() -> None:
    assert table([needs(place, MEASURED) for place in PLACES]) in DOCUMENT.read_text(encoding="utf-8")


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_the_busiest_day_has_its_dossiers_and_its_busiest_minute(place: Place) -> None:
    minutes = day(place)
    assert len(minutes) == 8 * 60
    assert sum(minutes) == pytest.approx(2 * place.a_year / 250, rel=0.01)
    assert place.peak_minute is None or max(minutes) == place.peak_minute


def test_twice_the_cost_needs_about_twice_the_processes() -> None:
    country = PLACES[-1]
    dear = replace(MEASURED, cpu_s={name: 20 * seconds for name, seconds in MEASURED.cpu_s.items()})
    dearer = replace(MEASURED, cpu_s={name: 40 * seconds for name, seconds in MEASURED.cpu_s.items()})
    before, after = needs(country, dear).processes, needs(country, dearer).processes
    assert after["notify-worker"] in range(2 * before["notify-worker"] - 1, 2 * before["notify-worker"] + 1)


def test_what_cannot_be_done_in_its_minute_waits_and_is_done_later() -> None:
    assert longest_lag([60.0, 0.0], 1.0, 1) == 0
    assert longest_lag([120.0, 0.0, 0.0], 1.0, 1) == 60
    assert longest_lag([120.0, 120.0, 0.0], 1.0, 1) == 120
    assert longest_lag([120.0, 120.0, 0.0], 1.0, 2) == 0


def test_the_chart_is_a_drawing_with_a_bar_for_each_figure() -> None:
    rates = Bars("Tiếp nhận <64>", "hồ sơ/giây", {"nhà": 400.0, "thô": 800.0})
    panels = [rates, Bars("không có gì", "giây", {"nhà": 0.0})]
    drawing = ElementTree.fromstring(svg("Số đo & so sánh", panels))
    bars = [bar for bar in drawing.iter("{http://www.w3.org/2000/svg}rect") if bar.get("fill") != "#fff"]
    assert [float(bar.get("width", 0)) for bar in bars] == [200.0, 400.0, 1.0]


def test_medians_goals_and_volumes() -> None:
    assert (middle([3.0, 1.0, 2.0]), middle([])) == (2.0, 0.0)
    assert (Goal("", 2.0, 1.0).met, Goal("", 2.0, 1.0, at_least=False).met) == (True, False)
    moved = Volume(30, 3000, 10, 1000).since(Volume(10, 1000, 0, 0)).plus(20, 200).per(10)
    assert moved == Volume(4, 220, 1, 100)
