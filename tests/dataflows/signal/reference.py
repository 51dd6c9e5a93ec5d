"""The measures of a window in a straightforward way, on all its beats at once, with numpy."""

from __future__ import annotations

import itertools

import numpy as np

from dataflows.biosync.signal.cleanse import TOLERANCE, Beat
from dataflows.biosync.signal.hrv import MIN_BEATS, MIN_DIFFERENCES

Measures = tuple[float | None, float | None, float | None, float | None, int]
"""Heart rate, RMSSD, SDNN, pNN50, beats."""


def measures(beats: list[Beat], end: int, window: int = 60_000) -> Measures:
    """Task Force 1996 over the beats with `end` - `window` <= t < `end`."""
    inside = [(t, rr) for t, rr, _ in beats if end - window <= t < end]
    # the cleansing decides whether two beats follow each other, and only pairs within the window count
    follows = {t: d is not None for t, _, d in beats}
    pairs = [b - a for (s, a), (t, b) in itertools.pairwise(inside) if follows[t] and abs(t - s - b) <= TOLERANCE]
    rr = np.array([rr for _, rr in inside])
    d = np.array(pairs)
    rmssd = float(np.sqrt(np.mean(d**2))) if len(d) >= MIN_DIFFERENCES else None
    pnn50 = float(100 * np.mean(np.abs(d) > 50)) if len(d) >= MIN_DIFFERENCES else None
    if len(rr) < MIN_BEATS:
        return None, rmssd, None, pnn50, len(rr)
    return float(60_000 / rr.mean()), rmssd, float(rr.std(ddof=1)), pnn50, len(rr)
