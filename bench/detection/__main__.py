"""Recall and false alarms of the stress detector on labelled recordings, by rule.

Cross-validated figures score each person at the threshold that was best on all the others.

    python -m bench.detection [--data DIR] [--plot docs/detection.png]

Prints one table, writes `.aura/bench/detection.json`, and with --plot the plot.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from bench.detection import recall_plot
from bench.detection.recordings import ZERO, Recording, Score, read, score
from dataflows.biosync.signal.rules import THRESHOLDS, HrvDrop, Rules, StressRules
from dataflows.biosync.tools.offline import compute_beats
from local.wearables.recording import InvalidRecording

CHECKOUT = Path(__file__).resolve().parents[2]
BUDGET = 1.0
"""False alarms an hour that a threshold may have."""
GRID = [step / 4 for step in range(8, 49)]
"""Thresholds evaluated, beats a minute."""


@dataclass(frozen=True)
class Result:
    """Scores of one rule: over all people by threshold, at its default, and cross-validated with the chosen
    thresholds."""

    rule: HrvDrop
    curve: list[tuple[float, Score]]
    default: Score
    cross_validated: Score
    chosen: list[float]


def evaluate(rule: HrvDrop, recordings: list[Recording]) -> Result:
    """Score `rule` at every threshold of GRID, and choose for each person the best threshold of all others."""
    scores = {threshold: [_run(rule, threshold, recording) for recording in recordings] for threshold in GRID}
    cross_validated, chosen = ZERO, list[float]()
    for left_out in range(len(recordings)):
        others = {t: _total(s for i, s in enumerate(row) if i != left_out) for t, row in scores.items()}
        best = _best(others)
        chosen.append(best)
        cross_validated += scores[best][left_out]
    curve = [(threshold, _total(row)) for threshold, row in scores.items()]
    return Result(rule, curve, dict(curve)[THRESHOLDS[rule]], cross_validated, chosen)


def _run(rule: HrvDrop, threshold: float, recording: Recording) -> Score:
    rules = Rules(stress=StressRules(hrv_drop=rule, threshold=threshold))
    _, events = compute_beats(recording.name, recording.beats, rules)
    return score(recording, [event.raised / 1000 for event in events])


def _total(scores: Iterable[Score]) -> Score:
    return sum(scores, ZERO)


def _best(totals: dict[float, Score]) -> float:
    """The threshold with the highest recall within BUDGET; of several, the one with the fewest alarms."""
    within = [t for t, total in totals.items() if total.alarms_an_hour <= BUDGET]
    return max(within, key=lambda t: (totals[t].recall, -totals[t].alarms, -t))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.detection", description=__doc__)
    parser.add_argument("--data", type=Path, default=CHECKOUT.parent / "shared" / "data" / "stress-predict")
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    folders = sorted(path.parent for path in given.data.glob("*/labels.csv"))
    if not folders:
        sys.exit(f"no recordings under {given.data}; name their folder with --data")
    try:
        recordings = [read(folder) for folder in folders]
    except InvalidRecording as error:
        sys.exit(str(error))
    results = [evaluate(rule, recordings) for rule in get_args(HrvDrop)]
    hours = sum(recording.calm_hours for recording in recordings)
    episodes = results[0].default.episodes
    if not episodes or not hours:
        sys.exit(
            f"nothing to score in {len(recordings)} recordings: {episodes} evaluable episodes, {hours:.2f} calm hours"
        )
    print(f"{len(recordings)} people, {episodes} evaluable episodes, {hours:.2f} monitored hours outside them")
    print("rule    threshold  recall  alarms/h | cross-validated: recall  alarms/h  thresholds chosen (median, range)")
    for result in results:
        default, validated, chosen = result.default, result.cross_validated, result.chosen
        print(
            f"{result.rule:7} {THRESHOLDS[result.rule]:9.2f} {default.recall:7.3f} {default.alarms_an_hour:9.2f}"
            f" | {validated.recall:23.3f} {validated.alarms_an_hour:9.2f}"
            f"  {statistics.median(chosen):g} ({min(chosen):g} to {max(chosen):g})"
        )
    _write(results)
    if given.plot:
        print(f"plot: {recall_plot.draw(results, given.plot)}")


def _write(results: list[Result]) -> None:
    folder = Path(os.environ.get("AURA_HOME", CHECKOUT / ".aura")) / "bench"
    folder.mkdir(parents=True, exist_ok=True)

    def point(total: Score) -> dict[str, float]:
        return {"recall": round(total.recall, 4), "alarms_an_hour": round(total.alarms_an_hour, 4)}

    content = {
        result.rule: {
            "threshold": THRESHOLDS[result.rule],
            "default": point(result.default),
            "cross_validated": point(result.cross_validated),
            "curve": [{"threshold": threshold, **point(total)} for threshold, total in result.curve],
        }
        for result in results
    }
    (folder / "detection.json").write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
