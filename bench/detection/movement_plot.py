"""The plot of recall against false alarms by kind of session: at rest, during exercise, and both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from bench import rendering
from bench.detection.recall_plot import HEIGHT, LEFT, MOST_ALARMS, RIGHT, TOP, WIDTH, axes, x, y
from bench.detection.recordings import ZERO, Score

RULE = "ignore"
EXERCISE = "exercise"
COLOURS = {"rest only": "#0b6e4f", "exercise only": "#b5651d", "both": "#2b4c9b"}


class Curve(Protocol):
    """The data plotted for a rule."""

    @property
    def rule(self) -> str: ...
    @property
    def moved(self) -> bool: ...
    @property
    def by_kind(self) -> dict[str, list[tuple[float, Score]]]: ...


def draw(results: Sequence[Curve], png: Path) -> Path:
    """Writes the plot to `png`, or to an SVG beside it without Chromium; returns the path."""
    return rendering.render(svg(results), WIDTH, HEIGHT, png)


def svg(results: Sequence[Curve]) -> str:
    """The plot as SVG: recall is that of all episodes, false alarms are those of an hour of such sessions."""
    at = WIDTH - RIGHT + 12
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif"'
        ' font-size="13" fill="#222"><rect width="100%" height="100%" fill="white"/>',
        f'<text x="{LEFT}" y="28" font-size="16">What movement saves, by kind of session (heart rate alone)</text>',
        *axes(),
    ]
    for result in results:
        if result.rule != RULE:
            continue
        dash = "" if result.moved else ' stroke-dasharray="6 4"'
        for name, points in _points(result).items():
            line = " ".join(f"{x(alarms):.1f},{y(recall):.1f}" for alarms, recall in points if alarms <= MOST_ALARMS)
            parts.append(f'<polyline points="{line}" fill="none" stroke="{COLOURS[name]}" stroke-width="2"{dash}/>')
    for i, (name, colour) in enumerate(COLOURS.items()):
        legend = TOP + 20 + 22 * i
        parts.append(f'<rect x="{at}" y="{legend - 10}" width="14" height="4" fill="{colour}"/>')
        parts.append(f'<text x="{at + 20}" y="{legend - 3}" font-size="12">{name}</text>')
    for i, (name, dash) in enumerate((("with movement", ""), ("without", ' stroke-dasharray="6 4"'))):
        legend = TOP + 100 + 22 * i
        parts.append(f'<path d="M{at} {legend}h16" stroke="#555" stroke-width="2"{dash}/>')
        parts.append(f'<text x="{at + 22}" y="{legend + 4}" font-size="12">{name}</text>')
    return "\n".join([*parts, "</svg>"])


def _points(result: Curve) -> dict[str, list[tuple[float, float]]]:
    """False alarms an hour and recall by threshold."""
    kinds = result.by_kind
    points: dict[str, list[tuple[float, float]]] = {name: [] for name in COLOURS}
    for row in zip(*kinds.values(), strict=True):
        totals = dict(zip(kinds, (total for _, total in row), strict=True))
        rest = sum((total for kind, total in totals.items() if kind != EXERCISE), ZERO)
        exercise = totals.get(EXERCISE, ZERO)
        for name, total in zip(COLOURS, (rest, exercise, rest + exercise), strict=True):
            points[name].append((total.alarms_an_hour, rest.recall))
    return points
