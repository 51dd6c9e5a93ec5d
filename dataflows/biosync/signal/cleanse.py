"""Beats that can be used: sinus intervals in order, and which of them follow each other without a hole.

| what comes | what is done |
| --- | --- |
| interval outside min_rr..max_rr | dropped |
| ectopic (short, then long), missed (double) or extra (two short) beat | dropped: off by more than max_step from the |
| | beat before and from the median of the last 7 intervals, which lets real changes of pace through |
| gap: the time since the beat before is not the interval | beat used, but not its difference to the beat before |
| silence of more than FORGET ms | the running median starts anew |
| sample not newer than the newest (late, repeated) | dropped |

The first interval after a start has nothing to be compared with and is not used. Task Force 1996 (Circulation
93:1043) asks for normal-to-normal intervals only; dropped ones are not interpolated, quality tells how many are
missing.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from dataflows.biosync.signal.rules import CleanseRules

MEDIAN_OF = 7
FORGET = 120_000
TOLERANCE = 60
"""ms by which a beat's time may miss the time of the beat before plus its interval (rounding, 1/64 s clocks)."""

Beat = tuple[int, float, float | None]
"""Unix ms, interval in ms, difference in ms to the interval before it or None where beats are missing between."""


class Cleanser(msgspec.Struct, array_like=True):
    """Cleansing of one person's beats; state of fixed size."""

    newest: int = 0
    """Unix ms of the newest sample, usable or not."""
    previous: int = 0
    """Unix ms of the last usable beat."""
    follows: float = 0.0
    """Interval of the beat before if that was usable, else 0."""
    recent: list[float] = []
    """The last MEDIAN_OF intervals in range, usable or not."""

    def usable(self, samples: Iterable[tuple[int, float]], rules: CleanseRules) -> list[Beat]:
        """The usable ones of these samples (Unix ms, interval in ms)."""
        low, high, step = rules.min_rr, rules.max_rr, rules.max_step
        newest, previous, follows, recent = self.newest, self.previous, self.follows, self.recent
        beats: list[Beat] = []
        usable, in_range = beats.append, recent.append
        for t, rr in samples:
            passed = t - newest
            if passed <= 0:
                continue
            if passed > FORGET:
                recent.clear()
                follows = 0.0
            newest = t
            if not low <= rr <= high:
                follows = 0.0
                continue
            d = rr - follows
            limit = step * follows
            if -limit <= d <= limit:
                usable((t, rr, d if -TOLERANCE <= t - previous - rr <= TOLERANCE else None))
                previous = t
                follows = rr
            elif recent and abs(rr - (usual := _median(recent[-MEDIAN_OF:]))) <= step * usual:
                usable((t, rr, None))
                previous = t
                follows = rr
            else:
                follows = 0.0
            in_range(rr)
        del recent[:-MEDIAN_OF]
        self.newest, self.previous, self.follows = newest, previous, follows
        return beats


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
