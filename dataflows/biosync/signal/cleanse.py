"""Artefact removal: keeps sinus intervals in order, and marks which of them follow each other without a gap.

| input | action |
| --- | --- |
| interval outside min_rr..max_rr | dropped; it moves nothing |
| ectopic (short, then long), missed (double) or extra (two short) beat | irregular: off by more than max_step from |
| | the beat before and from the median of the last 7 intervals, which lets real changes of pace through |
| a signal that no heart gives (artificial.py) | irregular |
| gap: the time since the beat before is not the interval | beat used, but not its difference to the beat before |
| the times differ from the intervals by less than min_rr | no beat fits in between: the intervals are believed |
| several beats with one time, or closer than their intervals | spread over the time before it (moments.py) |
| silence of more than RESET_AFTER ms | the running median is reset |
| sample not newer than the newest (late, repeated) | dropped |

The first interval after a reset has no reference and is irregular. Task Force 1996 (Circulation 93:1043) requires
normal-to-normal intervals; dropped ones are not interpolated, and quality states how many are missing.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dataflows.biosync.signal import drops
from dataflows.biosync.signal.artificial import LENGTH, is_artificial
from dataflows.biosync.signal.drops import Drops
from dataflows.biosync.signal.moments import TOLERANCE, place
from dataflows.biosync.signal.rules import CleanseRules

MEDIAN_OF = 7
RESET_AFTER = 120_000
CHECK_EVERY = 10_000
"""ms between two looks at whether a heart gives the signal: at the beats that close windows (`every`), so that the one
that would raise an event tells."""
_TOO_SOON = -TOLERANCE

Beat = tuple[int, float, float | None]
"""Unix ms, interval in ms, difference in ms to the interval before it or None where beats are missing between. A
negative interval is that of an irregular beat: it is in range, but no sinus rhythm. It has a difference, which means
nothing, where no heart gives the signal (artificial.py)."""


class Cleanser(msgspec.Struct, array_like=True):
    """Artefact removal for one person's beats; state of fixed size."""

    newest: int = 0
    """Unix ms of the newest beat, irregular or not."""
    stamp: int = 0
    """The time that it came with; `newest` is later where several beats came with one."""
    previous_rr: float = 0.0
    """Interval of the beat before if that was usable, else 0."""
    recent: list[float] = []
    """The last intervals in range, usable or not."""
    check_at: int = 0
    """Unix ms from which `artificial` is determined anew."""
    artificial: bool = False
    """Whether no heart gives this signal."""

    def cleanse(
        self, times: Sequence[int], intervals: Sequence[float], rules: CleanseRules, dropped: Drops
    ) -> list[Beat]:
        """The beats of these samples (Unix ms, in order; intervals in ms) that are in range."""
        beats = self._take(times, intervals, rules, dropped)
        if beats is None:
            before = self.newest, self.stamp, self.recent[-1] if self.recent else 0.0
            placed = place(times, intervals, before, rules.min_rr, rules.max_rr)
            if placed.late:
                dropped.lose(drops.LATE, placed.late)
            if placed.repeated:
                dropped.count(drops.REPEATED, placed.repeated)
            beats = self._take(placed.moments, placed.intervals, rules, dropped) or []
            self.stamp = placed.stamp
        return beats

    def _take(
        self, times: Sequence[int], intervals: Sequence[float], rules: CleanseRules, dropped: Drops
    ) -> list[Beat] | None:
        """The beats; None, and nothing is changed, when they lie closer than their intervals."""
        low, high, step = rules.min_rr, rules.max_rr, rules.max_step
        newest, previous_rr, recent = self.newest, self.previous_rr, self.recent
        check_at, artificial = self.check_at, self.artificial
        known = len(recent)
        if artificial:
            step = -1.0
        out_of_range = irregular = 0
        beats: list[Beat] = []
        use, in_range = beats.append, recent.append
        for t, rr in zip(times, intervals, strict=True):
            if not low <= rr <= high:
                previous_rr = 0.0
                out_of_range += 1
                continue
            gap = t - newest - rr
            if gap < _TOO_SOON:
                del self.recent[known:]
                return None
            if gap > RESET_AFTER:
                recent = []
                in_range = recent.append
                previous_rr = 0.0
            if t >= check_at:
                check_at = t - t % CHECK_EVERY + CHECK_EVERY
                artificial = is_artificial(recent)
                step = -1.0 if artificial else rules.max_step
            d = rr - previous_rr
            limit = step * previous_rr
            if -limit <= d <= limit:
                if gap <= TOLERANCE:  # the way of nearly all beats
                    use((t, rr, d))
                elif gap < low:
                    use((t, rr, d))
                    t = newest + round(rr)
                else:
                    use((t, rr, None))
                previous_rr = rr
            elif recent and abs(rr - (median := _median(recent[-MEDIAN_OF:]))) <= step * median:
                use((t, rr, None))
                previous_rr = rr
            else:
                use((t, -rr, 0.0 if artificial else None))
                previous_rr = 0.0
                irregular += 1
            newest = t
            in_range(rr)
        del recent[:-LENGTH]
        self.recent = recent
        if beats:
            self.newest = self.stamp = newest
        self.previous_rr, self.check_at, self.artificial = previous_rr, check_at, artificial
        if out_of_range:
            dropped.lose(drops.INTERVAL, out_of_range)
        if irregular:
            dropped.count(drops.IRREGULAR, irregular)
        return beats


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
