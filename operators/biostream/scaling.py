"""How many worker processes a dataflow shall have, from how far behind they are. Pure.

More, when all that was seen for a while says that they are behind `targetLag` and that they will not catch up soon by
themselves; fewer, when for a longer while fewer could have done it. A change stops the stream for some seconds, so
after each one the workers are first left alone until they have caught up with that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from contracts.biostream import BioStreamSpec
from contracts.durations import delta
from operators.adapters.dataflow.lag import Reading

UP_AFTER = timedelta(seconds=20)
DOWN_AFTER = timedelta(minutes=5)
LEAST_SETTLING = timedelta(seconds=30)
"""For this long, or three times the target if that is longer, what is seen after a change tells of the change."""
SOON = 60.0
"""Seconds within which a lag that shrinks may reach the target by itself."""
SPARE = 1.3
"""How much faster than beats come workers shall be, to catch up with what waits."""
FULL = 0.6
"""Share of a core up to which the workers left may be used when one goes: a process can take no more than one."""
SMALL = 0.5
"""Share of the target that the lag must not have left for a worker to go."""


@dataclass(frozen=True)
class Scale:
    """A number of workers, and since when it is that."""

    workers: int
    since: datetime


def bounds(spec: BioStreamSpec) -> tuple[int, int]:
    """Least and most workers: never none, and never more than there are partitions to share."""
    most = min(spec.dataflow.replicas.max, spec.source.partitions)
    return min(max(1, spec.dataflow.replicas.min), most), most


def remembered(readings: Sequence[Reading], new: Reading | None) -> list[Reading]:
    """The readings with a new one, without what no decision looks at any more. Counts that went down are those of
    workers that started anew: nothing before is comparable."""
    if new is None:
        return list(readings)
    if readings and new.cpu < readings[-1].cpu:
        return [new]
    return [reading for reading in readings if reading.at >= new.at - 2 * DOWN_AFTER] + [new]


def decide(spec: BioStreamSpec, scale: Scale, readings: Sequence[Reading], now: datetime) -> tuple[Scale, str]:
    """The scale that shall be, and why if that is another."""
    least, most = bounds(spec)
    workers, target = scale.workers, delta(spec.dataflow.target_lag)
    if not least <= workers <= most:
        return Scale(min(max(workers, least), most), now), f"{least} to {most} workers are declared"
    settled = scale.since + max(LEAST_SETTLING, 3 * target)
    after = [reading for reading in readings if reading.at >= settled]
    wanted, why = workers, ""
    if behind := _span(after, now, UP_AFTER):
        wanted, why = _more(workers, target.total_seconds(), behind)
    if not why and (calm := _span(after, now, DOWN_AFTER)):
        wanted, why = _fewer(workers, target.total_seconds(), calm)
    wanted = min(max(wanted, least), most)
    return (scale, "") if wanted == workers else (Scale(wanted, now), why)


def _span(readings: Sequence[Reading], now: datetime, span: timedelta) -> Sequence[Reading]:
    """The readings of the last `span`, with the one before it; none unless they reach back that far."""
    within = [reading for reading in readings if reading.at > now - span]
    before = len(readings) - len(within)
    return readings[before - 1 :] if before and len(within) >= 2 else []


def _more(workers: int, target: float, readings: Sequence[Reading]) -> tuple[int, str]:
    first, last = readings[0], readings[-1]
    if min(reading.seconds for reading in readings) <= target:
        return workers, ""
    # seconds of the stream that are read in a second: 1 keeps up with the beats
    speed = 1.0 - (last.seconds - first.seconds) / (last.at - first.at).total_seconds()
    if speed > 1.0 and (last.seconds - target) / (speed - 1.0) <= SOON:
        return workers, ""
    wanted = min(ceil(workers * SPARE / speed) if speed > 0.0 else 2 * workers, 2 * workers)
    why = f"{last.seconds:.1f} s behind, which is more than {target:g} s"
    return max(wanted, workers + 1), why


def _fewer(workers: int, target: float, readings: Sequence[Reading]) -> tuple[int, str]:
    first, last = readings[0], readings[-1]
    if workers == 1 or max(reading.seconds for reading in readings) > SMALL * target:
        return workers, ""
    used = (last.cpu - first.cpu) / (last.at - first.at).total_seconds()
    if used > FULL * (workers - 1):
        return workers, ""
    return workers - 1, f"not behind, and {used:.2f} cores are enough"
