"""Horizontal scaling of a dataflow: the number of its workers, each a Pod, from their lag. Pure.

Scales up if all samples of a window exceed `targetLag` and the lag will not reach it soon by itself. Scales down if
fewer workers would have been enough for a longer window. A change moves partitions, each of which stands still for a
moment, so after it a stabilization window lets the workers catch up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from contracts.biostream import BioStreamSpec
from contracts.durations import delta
from operators.adapters.dataflow.lag import LagSample

SCALE_UP_WINDOW = timedelta(seconds=20)
SCALE_DOWN_WINDOW = timedelta(minutes=5)
MIN_STABILIZATION = timedelta(seconds=30)
"""Samples are ignored for this long after a change, or three times the target if that is longer: they reflect it."""
CATCH_UP_SECONDS = 60.0
"""Seconds within which a shrinking lag may reach the target by itself."""
HEADROOM = 1.3
"""How much faster than beats arrive the workers shall be, to catch up with the backlog."""
MAX_UTILIZATION = 0.6
"""Fraction of a core up to which the remaining workers may be used: a process uses one core at most."""
LOW_LAG_FRACTION = 0.5
"""Fraction of the target that the lag must not have exceeded for a scale-down."""


@dataclass(frozen=True)
class Scale:
    """A number of workers, and since when."""

    workers: int
    since: datetime


def bounds(spec: BioStreamSpec, bucket: bool) -> tuple[int, int]:
    """Minimum and maximum of workers: at least one, at most one per partition; one where no bucket has the states that
    another worker goes on from."""
    most = min(spec.dataflow.replicas.max, spec.source.partitions) if bucket else 1
    return min(max(1, spec.dataflow.replicas.min), most), most


def with_sample(samples: Sequence[LagSample], new: LagSample | None) -> list[LagSample]:
    """The samples with a new one, without those too old for any decision. A counter that decreased means that the
    workers restarted: no earlier sample is comparable."""
    if new is None:
        return list(samples)
    if samples and new.cpu < samples[-1].cpu:
        return [new]
    return [sample for sample in samples if sample.at >= new.at - 2 * SCALE_DOWN_WINDOW] + [new]


def decide(
    spec: BioStreamSpec, bucket: bool, scale: Scale, complete: bool, samples: Sequence[LagSample], now: datetime
) -> tuple[Scale, str]:
    """The desired scale, and the reason if it differs. While it is not `complete`, as when Pods wait for a node, more
    of them would not help sooner."""
    least, most = bounds(spec, bucket)
    workers, target = scale.workers, delta(spec.dataflow.target_lag)
    if not least <= workers <= most:
        return Scale(min(max(workers, least), most), now), f"{least} to {most} workers are allowed"
    settled = scale.since + max(MIN_STABILIZATION, 3 * target)
    after = [sample for sample in samples if sample.at >= settled]
    desired, reason = workers, ""
    if complete and (behind := _window(after, now, SCALE_UP_WINDOW)):
        desired, reason = _scale_up(workers, target.total_seconds(), behind)
    if not reason and (calm := _window(after, now, SCALE_DOWN_WINDOW)):
        desired, reason = _scale_down(workers, target.total_seconds(), calm)
    desired = min(max(desired, least), most)
    return (scale, "") if desired == workers else (Scale(desired, now), reason)


def _window(samples: Sequence[LagSample], now: datetime, span: timedelta) -> Sequence[LagSample]:
    """The samples of the last `span` and the one before it; none unless they reach back that far."""
    within = [sample for sample in samples if sample.at > now - span]
    before = len(samples) - len(within)
    return samples[before - 1 :] if before and len(within) >= 2 else []


def _scale_up(workers: int, target: float, samples: Sequence[LagSample]) -> tuple[int, str]:
    first, last = samples[0], samples[-1]
    if min(sample.seconds for sample in samples) <= target:
        return workers, ""
    # seconds of the stream that are read in a second: 1 keeps up with the beats
    speed = 1.0 - (last.seconds - first.seconds) / (last.at - first.at).total_seconds()
    if speed > 1.0 and (last.seconds - target) / (speed - 1.0) <= CATCH_UP_SECONDS:
        return workers, ""
    desired = min(ceil(workers * HEADROOM / speed) if speed > 0.0 else 2 * workers, 2 * workers)
    reason = f"{last.seconds:.1f} s behind, which is more than {target:g} s"
    return max(desired, workers + 1), reason


def _scale_down(workers: int, target: float, samples: Sequence[LagSample]) -> tuple[int, str]:
    first, last = samples[0], samples[-1]
    if workers == 1 or max(sample.seconds for sample in samples) > LOW_LAG_FRACTION * target:
        return workers, ""
    used = (last.cpu - first.cpu) / (last.at - first.at).total_seconds()
    if used > MAX_UTILIZATION * (workers - 1):
        return workers, ""
    return workers - 1, f"not behind, and {used:.2f} cores are enough"
