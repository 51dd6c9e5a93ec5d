"""One sample of a region: every store side by side, and what did not answer by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from contracts import lease, recovery_point
from contracts.recovery_point import CachePoint, DatabasePoint, RecoveryPoints, Sample, TopicPoint
from services.recorder.witness import Witness

MOST_SECONDS = 15
"""A sample of which a store takes longer is written without it."""


@dataclass(frozen=True)
class Stores:
    """How each store of this region is asked. Each call has its own deadline, and raises whatever its client raises."""

    databases: Mapping[str, Callable[[], DatabasePoint]] = field(default_factory=dict)
    topics: Callable[[], Mapping[str, TopicPoint]] | None = None
    cache: Callable[[], CachePoint] | None = None


def sample(witness: Witness, stores: Stores, now: float) -> Sample:
    """`now` in Unix seconds, before anything is asked. The lease is read first: see Sample. Raises
    WitnessUnavailable."""
    stored = witness.read(lease.LEASE_KEY)
    held = lease.decode(stored.body) if stored else None
    calls: dict[str, Callable[[], object]] = dict(stores.databases)
    calls |= {"topics": stores.topics} if stores.topics else {}
    calls |= {"cache": stores.cache} if stores.cache else {}
    found: dict[str, object] = {}
    silent: list[str] = []
    with ThreadPoolExecutor(max_workers=len(calls) or 1) as threads:
        for name, future in [(name, threads.submit(call)) for name, call in calls.items()]:
            try:
                found[name] = future.result(MOST_SECONDS)
            except Exception:  # whatever a client raises: the others are recorded all the same
                silent.append(name)
    topics, cache = found.get("topics"), found.get("cache")
    return Sample(
        now,
        held.epoch if held else 0,
        held.fenced_by if held else "",
        {name: one for name, one in found.items() if isinstance(one, DatabasePoint)},
        dict(topics) if isinstance(topics, dict) else {},
        cache if isinstance(cache, CachePoint) else None,
        silent=silent,
    )


def write(witness: Witness, region: str, taken: Sample) -> bool:
    """Adds a sample to those of the region. Of two recorders of a region that write at once, one is left out, which is
    False: the other sample is as new. Raises WitnessUnavailable."""
    key = recovery_point.key(region)
    stored = witness.read(key)
    points = recovery_point.read(stored.body) if stored else RecoveryPoints(region)
    return witness.write(key, recovery_point.encode(points.with_sample(taken)), stored.etag if stored else None)
