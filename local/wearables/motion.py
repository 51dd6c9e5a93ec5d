"""The movement of a recording: its MOTION.csv, beside IBI.csv.

The first row begins with the start in Unix seconds; each other is the offset of a sample from it in seconds, and the
movement over the 5 s before it in thousandths of g.
"""

from __future__ import annotations

import math
from pathlib import Path

from contracts.beats import MAX_MOTION_MG
from contracts.visible import visible
from local.wearables.recording import InvalidRecording, read_text

FILE = "MOTION.csv"
_FORM = f"expected the start in Unix seconds, then a line `offset_s,motion_mg` a sample, 0 to {MAX_MOTION_MG:g}"

Moved = tuple[int, float]
"""Unix ms, and thousandths of g over the 5 s before."""


def read_motion(folder: Path) -> list[Moved]:
    """The samples of `folder`/MOTION.csv in order, none where there is no such file; raises InvalidRecording."""
    file = folder / FILE
    if not file.exists():
        return []
    rows = [(number, line) for number, line in enumerate(read_text(file).splitlines(), 1) if line.strip()]
    start = 0.0
    samples: list[Moved] = []
    for place, (number, line) in enumerate(rows):
        try:
            first, second = line.split(",")
            if not place:
                start = _finite(first)
                continue
            mg = _finite(second)
            samples.append((round((start + _finite(first)) * 1000), mg))
        except ValueError as error:
            raise InvalidRecording(f"{file}, line {number}: {visible(line)}; {_FORM}") from error
        if not 0.0 <= mg <= MAX_MOTION_MG:
            raise InvalidRecording(f"{file}, line {number}: {visible(line)}; {_FORM}")
    return sorted(samples)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
