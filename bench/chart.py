"""The chart: panels of horizontal bars in one SVG file. Written by hand: it is forty lines, and a plotting library is
thirty megabytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from bench.result import Bars

WIDTH, LABEL, BAR, LINE, HEAD = 860, 330, 400, 22, 44
COLOURS = ("#1f6f8b", "#8b5e1f", "#6b6b6b", "#2f7d4f", "#7a3b69")


def svg(title: str, panels: Sequence[Bars]) -> str:
    """All panels below each other; within a panel the longest bar is full."""
    height = HEAD + sum(HEAD + LINE * len(panel.values) for panel in panels) + LINE
    drawn = "\n".join(_drawn(title, panels))
    style = "text{font:13px sans-serif;fill:#222}.t{font-size:18px;font-weight:600}.p{font-weight:600}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">\n'
        f'<style>{style}</style>\n<rect width="100%" height="100%" fill="#fff"/>\n{drawn}\n</svg>\n'
    )


def _drawn(title: str, panels: Sequence[Bars]) -> Iterator[str]:
    yield f'<text class="t" x="16" y="28">{escape(title)}</text>'
    top = HEAD
    for panel in panels:
        top += HEAD - 14
        yield f'<text class="p" x="16" y="{top}">{escape(panel.title)} ({escape(panel.unit)})</text>'
        top += 14
        longest = max(panel.values.values(), default=0) or 1
        for place, (label, value) in enumerate(panel.values.items()):
            width = max(1.0, BAR * value / longest)
            colour = COLOURS[place % len(COLOURS)]
            yield f'<text x="{LABEL - 8}" y="{top + 12}" text-anchor="end">{escape(label)}</text>'
            yield f'<rect x="{LABEL}" y="{top}" width="{width:.1f}" height="{LINE - 7}" fill="{colour}"/>'
            yield f'<text x="{LABEL + width + 6:.1f}" y="{top + 12}">{value:,.4g}</text>'
            top += LINE
