"""Artefact removal: keeps sinus intervals in order, and marks which of them follow each other without a gap.

| input | action |
| --- | --- |
| interval outside min_rr..max_rr | dropped |
| ectopic (short, then long), missed (double) or extra (two short) beat | dropped: off by more than max_step from the |
| | beat before and from the median of the last 7 intervals, which lets real changes of pace through |
| gap: the time since the beat before is not the interval | beat used, but not its difference to the beat before |
| silence of more than RESET_AFTER ms | the running median is reset |
| sample not newer than the newest (late, repeated) | dropped |

The first interval after a reset has no reference and is not used. Task Force 1996 (Circulation 93:1043) requires
normal-to-normal intervals; dropped ones are not interpolated, and quality states how many are missing.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from dataflows.biosync.signal.rules import CleanseRules

MEDIAN_OF = 7
RESET_AFTER = 120_000
TOLERANCE = 60
"""ms by which a beat's time may differ from the time of the beat before plus its interval (rounding, 1/64 s clocks)."""

Beat = tuple[int, float, float | None]
"""Unix ms, interval in ms, difference in ms to the interval before it or None where beats are missing between."""


class Cleanser(msgspec.Struct, array_like=True):
    """Artefact removal for one person's beats; state of fixed size."""

    newest: int = 0
    """Unix ms of the newest sample, usable or not."""
    previous: int = 0
    """Unix ms of the last usable beat."""
    previous_rr: float = 0.0
    """Interval of the beat before if that was usable, else 0."""
    recent: list[float] = []
    """The last MEDIAN_OF intervals in range, usable or not."""

    def cleanse(self, samples: Iterable[tuple[int, float]], rules: CleanseRules) -> list[Beat]:
        """The usable ones of these samples (Unix ms, interval in ms)."""
        low, high, step = rules.min_rr, rules.max_rr, rules.max_step
        newest, previous, previous_rr, recent = self.newest, self.previous, self.previous_rr, self.recent
        beats: list[Beat] = []
        use, in_range = beats.append, recent.append
        for t, rr in samples:
            elapsed = t - newest
            if elapsed <= 0:
                continue
            if elapsed > RESET_AFTER:
                recent.clear()
                previous_rr = 0.0
            newest = t
            if not low <= rr <= high:
                previous_rr = 0.0
                continue
            d = rr - previous_rr
            limit = step * previous_rr
            if -limit <= d <= limit:
                use((t, rr, d if -TOLERANCE <= t - previous - rr <= TOLERANCE else None))
                previous = t
                previous_rr = rr
            elif recent and abs(rr - (median := _median(recent[-MEDIAN_OF:]))) <= step * median:
                use((t, rr, None))
                previous = t
                previous_rr = rr
            else:
                previous_rr = 0.0
            in_range(rr)
        del recent[:-MEDIAN_OF]
        self.newest, self.previous, self.previous_rr = newest, previous, previous_rr
        return beats


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
