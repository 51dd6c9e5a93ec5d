"""The plot of recall against false alarms."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from bench import rendering
from bench.detection.recordings import Score

WIDTH, HEIGHT = 760, 470
LEFT, RIGHT, TOP, BOTTOM = 70, 190, 50, 60
MOST_ALARMS = 4.0
COLOURS = {"gate": "#0b6e4f", "score": "#b5651d", "ignore": "#2b4c9b"}
NAMES = {"gate": "gate: and RMSSD low", "score": "score: plus drop of RMSSD", "ignore": "ignore: heart rate alone"}


class Curve(Protocol):
    """The data plotted for a rule."""

    @property
    def rule(self) -> str: ...
    @property
    def curve(self) -> list[tuple[float, Score]]: ...
    @property
    def default(self) -> Score: ...
    @property
    def cross_validated(self) -> Score: ...


def draw(curves: Sequence[Curve], png: Path) -> Path:
    """Writes the plot to `png`, or to an SVG beside it without Chromium; returns the path."""
    return rendering.render(svg(curves), WIDTH, HEIGHT, png)


def svg(curves: Sequence[Curve]) -> str:
    """The plot as SVG."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif"'
        ' font-size="13" fill="#222"><rect width="100%" height="100%" fill="white"/>',
        f'<text x="{LEFT}" y="28" font-size="16">Stress episodes found, by what they cost in false alarms</text>',
        *axes(),
    ]
    for i, curve in enumerate(curves):
        colour = COLOURS[curve.rule]
        points = sorted((total.alarms_an_hour, total.recall) for _, total in curve.curve)
        frontier: list[tuple[float, float]] = [(0.0, 0.0)]
        for alarms, recall in points:
            if alarms <= MOST_ALARMS and recall > frontier[-1][1]:
                frontier += [(alarms, frontier[-1][1]), (alarms, recall)]
        frontier.append((MOST_ALARMS, frontier[-1][1]))
        line = " ".join(f"{x(a):.1f},{y(r):.1f}" for a, r in frontier)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        at, down = x(curve.default.alarms_an_hour), y(curve.default.recall)
        parts.append(f'<circle cx="{at:.1f}" cy="{down:.1f}" r="6" fill="{colour}"/>')
        at, down = x(curve.cross_validated.alarms_an_hour), y(curve.cross_validated.recall)
        parts.append(f'<circle cx="{at:.1f}" cy="{down:.1f}" r="9" fill="none" stroke="{colour}" stroke-width="2"/>')
        legend = TOP + 20 + 22 * i
        at = WIDTH - RIGHT + 12
        parts.append(f'<rect x="{at}" y="{legend - 10}" width="14" height="4" fill="{colour}"/>')
        parts.append(f'<text x="{at + 20}" y="{legend - 3}" font-size="12">{NAMES[curve.rule]}</text>')
    at, down = WIDTH - RIGHT + 12, TOP + 100
    parts += [
        f'<circle cx="{at + 7}" cy="{down}" r="6" fill="#555"/>',
        f'<text x="{at + 20}" y="{down + 4}" font-size="12">default threshold</text>',
        f'<circle cx="{at + 7}" cy="{down + 24}" r="8" fill="none" stroke="#555" stroke-width="2"/>',
        f'<text x="{at + 20}" y="{down + 28}" font-size="12">cross-validated</text>',
        "</svg>",
    ]
    return "\n".join(parts)


def axes() -> list[str]:
    parts: list[str] = []
    for step in range(5):
        at = x(step * MOST_ALARMS / 4)
        parts.append(f'<line x1="{at}" y1="{TOP}" x2="{at}" y2="{HEIGHT - BOTTOM}" stroke="#e3e3e3"/>')
        parts.append(f'<text x="{at}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{step}</text>')
    for step in range(6):
        down = y(step / 5)
        parts.append(f'<line x1="{LEFT}" y1="{down}" x2="{WIDTH - RIGHT}" y2="{down}" stroke="#e3e3e3"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{down + 4}" text-anchor="end">{step / 5:.1f}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 16}" text-anchor="middle">false alarms an hour</text>')
    parts.append(
        f'<text transform="translate(22 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">recall</text>'
    )
    return parts


def x(alarms: float) -> float:
    return LEFT + min(alarms, MOST_ALARMS) / MOST_ALARMS * (WIDTH - LEFT - RIGHT)


def y(recall: float) -> float:
    return HEIGHT - BOTTOM - recall * (HEIGHT - TOP - BOTTOM)
