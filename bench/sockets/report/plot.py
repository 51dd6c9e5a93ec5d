"""The plot of a run: acknowledgements, consumer lag and pushes over time, and CPU time by process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from bench import rendering
from bench.sockets.report.statistics import concatenated
from bench.sockets.run import Outcome

WIDTH, HEIGHT = 1000, 640
PANEL_WIDTH, PANEL_HEIGHT = 390, 210
LEFT, TOP, ACROSS, DOWN = 70, 70, 500, 300
BIN_SECONDS = 5.0
COLOURS = {"p50": "#2b4c9b", "p99": "#b5651d", "p99.9": "#9b2b5e"}
GREEN, GREY = "#0b6e4f", "#888"

Points = Sequence[tuple[float, float]]


def draw(outcome: Outcome, png: Path) -> Path:
    """Writes the plot to `png`, or to an SVG beside it without Chromium; returns the path."""
    title = f"{outcome.connected:,} sockets, {outcome.tally.acked:,} frames in {outcome.seconds:.0f} s"
    end = outcome.population.seconds
    lag = [(sample.at, sample.lag) for sample in outcome.samples]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif"'
        ' font-size="12" fill="#222"><rect width="100%" height="100%" fill="white"/>',
        f'<text x="{LEFT}" y="28" font-size="16">{title}</text>',
        *_panel(0, 0, "send to ack, ms (5 s each)", end, _acks(outcome)),
        *_panel(1, 0, "event to push, ms (each push)", end, {}, _pushes(outcome)),
        *_panel(0, 1, "consumer lag, records", end, {"": (GREEN, lag)}),
        *_bars(outcome),
        "</svg>",
    ]
    return rendering.render("\n".join(parts), WIDTH, HEIGHT, png)


def _acks(outcome: Outcome) -> dict[str, tuple[str, Points]]:
    at, ms = concatenated(outcome, "ack_at", np.float64), concatenated(outcome, "ack_ms", np.float32)
    bins = (at // BIN_SECONDS).astype(int)
    lines: dict[str, list[tuple[float, float]]] = {name: [] for name in COLOURS}
    for number in np.unique(bins):
        values = np.percentile(ms[bins == number], [50, 99, 99.9])
        for name, value in zip(lines, values, strict=True):
            lines[name].append(((number + 0.5) * BIN_SECONDS, float(value)))
    return {name: (COLOURS[name], points) for name, points in lines.items()}


def _pushes(outcome: Outcome) -> Points:
    received = outcome.verification.received
    return [
        ((at - outcome.start) / 1000, at - received[event])
        for found in outcome.recordings
        for _, event, at in found.pushes
        if event in received
    ]


def _panel(
    column: int, row: int, title: str, end: float, lines: dict[str, tuple[str, Points]], dots: Points = ()
) -> Iterable[str]:
    left, top = LEFT + column * ACROSS, TOP + row * DOWN
    everything = [value for _, points in lines.values() for _, value in points] + [value for _, value in dots]
    most = _round_up(max(everything, default=1.0))

    def place(point: tuple[float, float]) -> tuple[float, float]:
        return left + point[0] / end * PANEL_WIDTH, top + PANEL_HEIGHT * (1 - point[1] / most)

    yield f'<text x="{left}" y="{top - 12}" font-size="13">{title}</text>'
    for step in range(5):
        x, y = place((end * step / 4, most * step / 4))
        yield f'<line x1="{left}" y1="{y:.1f}" x2="{left + PANEL_WIDTH}" y2="{y:.1f}" stroke="#e3e3e3"/>'
        yield f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{most * step / 4:g}</text>'
        yield f'<text x="{x:.1f}" y="{top + PANEL_HEIGHT + 16}" text-anchor="middle">{end * step / 4:.0f} s</text>'
    for i, (name, (colour, points)) in enumerate(lines.items()):
        line = " ".join("{:.1f},{:.1f}".format(*place(point)) for point in points)
        yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.8"/>'
        yield f'<text x="{left + 220 + 55 * i}" y="{top - 12}" fill="{colour}">{name}</text>'
    for dot in dots:
        x, y = place(dot)
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="{GREEN}" fill-opacity="0.5"/>'


def _bars(outcome: Outcome) -> Iterable[str]:
    left, top = LEFT + ACROSS, TOP + DOWN
    cores = {name: spent / outcome.seconds for name, spent in outcome.cpu.items()}
    most = max(cores.values())
    yield f'<text x="{left}" y="{top - 12}" font-size="13">cores, by process</text>'
    step = min(24, PANEL_HEIGHT / len(cores))
    for i, (name, share) in enumerate(cores.items()):
        y, length = top + i * step, share / most * (PANEL_WIDTH - 140)
        colour = GREY if name == "generators" else GREEN
        yield f'<text x="{left + 70}" y="{y + step / 2 + 4:.1f}" text-anchor="end">{name}</text>'
        yield f'<rect x="{left + 78}" y="{y + 2:.1f}" width="{length:.1f}" height="{step - 5:.1f}" fill="{colour}"/>'
        yield f'<text x="{left + 84 + length:.1f}" y="{y + step / 2 + 4:.1f}">{share:.2f}</text>'


def _round_up(value: float) -> float:
    """The next of 1, 2, 4, 8 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(max(value, 1.0)))
    return float(next(step * power for step in (1, 2, 4, 8, 10) if step * power >= value))
