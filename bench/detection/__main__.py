"""Recall and false alarms of the stress detector on labelled recordings, by rule, with movement and without.

Cross-validated figures score each person at the threshold that was best on all the others.

    python -m bench.detection [--data DIR ...] [--plot docs/detection.png]

Prints one table, writes `.aura/bench/detection.json`, and with --plot the plot.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from bench import figures
from bench.detection import movement_plot, recall_plot
from bench.detection.recordings import ZERO, Recording, Score, read, score
from bench.detection.replay import closed_windows, events
from dataflows.biosync.signal.hrv import ClosedWindow
from dataflows.biosync.signal.rules import THRESHOLDS, HrvDrop, StressRules
from local.wearables.recording import InvalidRecording

CHECKOUT = Path(__file__).resolve().parents[2]
DATA = CHECKOUT.parent / "shared" / "data"
SESSIONS = ("stress-predict", "wise/stress", "wise/exercise")
BUDGET = 1.0
"""False alarms an hour that a threshold may have."""
GRID = [step / 4 for step in range(20, 49)]
"""Thresholds evaluated, beats a minute."""


@dataclass(frozen=True)
class Result:
    """Scores of one rule: over all people by threshold, at its default, and cross-validated with the chosen
    thresholds."""

    rule: HrvDrop
    moved: bool
    curve: list[tuple[float, Score]]
    default: Score
    cross_validated: Score
    chosen: list[float]
    by_kind: dict[str, list[tuple[float, Score]]]
    """The curve of each kind of session."""


def evaluate(rule: HrvDrop, moved: bool, recordings: list[Recording], windows: list[list[ClosedWindow]]) -> Result:
    """Score `rule` at every threshold of GRID, and choose for each person the best threshold of all others."""
    scores = {
        threshold: [
            score(recording, events(recording, closed, StressRules(hrv_drop=rule, threshold=threshold), moved))
            for recording, closed in zip(recordings, windows, strict=True)
        ]
        for threshold in GRID
    }
    people = [recording.person for recording in recordings]
    cross_validated, chosen = ZERO, list[float]()
    for left_out in sorted(set(people)):
        others = {t: _total(s for s, p in zip(row, people, strict=True) if p != left_out) for t, row in scores.items()}
        best = _best(others)
        chosen.append(best)
        cross_validated += _total(s for s, p in zip(scores[best], people, strict=True) if p == left_out)
    curve = [(threshold, _total(row)) for threshold, row in scores.items()]
    kinds = [recording.kind for recording in recordings]
    by_kind = {
        kind: [(t, _total(s for s, k in zip(row, kinds, strict=True) if k == kind)) for t, row in scores.items()]
        for kind in dict.fromkeys(kinds)
    }
    return Result(rule, moved, curve, dict(curve)[THRESHOLDS[rule]], cross_validated, chosen, by_kind)


def _total(scores: Iterable[Score]) -> Score:
    return sum(scores, ZERO)


def _best(totals: dict[float, Score]) -> float:
    """The threshold with the highest recall within BUDGET; of several, the one with the fewest alarms."""
    within = [t for t, total in totals.items() if total.alarms_an_hour <= BUDGET] or [max(totals)]
    return max(within, key=lambda t: (totals[t].recall, -totals[t].alarms, -t))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.detection", description=__doc__)
    parser.add_argument("--data", type=Path, nargs="+", default=[DATA / each for each in SESSIONS])
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    folders = sorted(path.parent for data in given.data for path in data.glob("*/labels.csv"))
    if not folders:
        sys.exit(f"no recordings under {', '.join(map(str, given.data))}; name their folders with --data")
    try:
        recordings = [read(folder) for folder in folders]
    except InvalidRecording as error:
        sys.exit(str(error))
    windows = [closed_windows(recording) for recording in recordings]
    results = [evaluate(rule, moved, recordings, windows) for moved in (True, False) for rule in get_args(HrvDrop)]
    hours = sum(recording.calm_hours for recording in recordings)
    episodes = results[0].default.episodes
    if not episodes or not hours:
        sys.exit(
            f"nothing to score in {len(recordings)} recordings: {episodes} evaluable episodes, {hours:.2f} calm hours"
        )
    print(f"{len(recordings)} recordings, {episodes} evaluable episodes, {hours:.2f} monitored hours outside them")
    for result in results:
        _print(result)
    _write(results)
    if given.plot:
        with_movement = [result for result in results if result.moved]
        print(f"plot: {recall_plot.draw(with_movement, given.plot)}")
        by_session = movement_plot.draw(results, given.plot.with_name(f"{given.plot.stem}-movement.png"))
        print(f"plot: {by_session}")


def _print(result: Result) -> None:
    default, validated, chosen = result.default, result.cross_validated, result.chosen
    print(
        f"{result.rule:7} {'with' if result.moved else 'without'} movement, threshold {THRESHOLDS[result.rule]:g}:"
        f" recall {default.recall:.3f}, {default.alarms_an_hour:.2f} alarms/h,"
        f" {statistics.median(default.latencies):.0f} s | cross-validated: recall {validated.recall:.3f},"
        f" {validated.alarms_an_hour:.2f} alarms/h, thresholds {statistics.median(chosen):g}"
        f" ({min(chosen):g} to {max(chosen):g})"
    )
    for kind, curve in result.by_kind.items():
        total = dict(curve)[THRESHOLDS[result.rule]]
        print(f"    {kind}: {total.hits}/{total.episodes}, {total.alarms} alarms in {total.hours:.2f} h")


def _write(results: list[Result]) -> None:
    def point(total: Score) -> dict[str, float]:
        return {"recall": round(total.recall, 4), "alarms_an_hour": round(total.alarms_an_hour, 4)}

    content = {
        f"{result.rule} {'with' if result.moved else 'without'} movement": {
            "threshold": THRESHOLDS[result.rule],
            "default": point(result.default),
            "cross_validated": point(result.cross_validated),
            "curve": [{"threshold": threshold, **point(total)} for threshold, total in result.curve],
        }
        for result in results
    }
    figures.write("detection", content)


if __name__ == "__main__":
    main()
