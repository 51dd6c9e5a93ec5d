"""One sample of a region: every store side by side, and what did not answer by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import msgspec

from contracts import lease, recovery_point
from contracts.lease import LEASE_KEY, Lease
from contracts.recovery_point import CachePoint, DatabasePoint, RecoveryPoints, Sample, TopicPoint
from services.kit import logs
from services.kit.witness import WitnessBucket, WitnessUnavailable

log = logs.get(__name__)

MOST_SECONDS = 15
"""A sample of which a store takes longer is written without it."""


@dataclass(frozen=True)
class Stores:
    """How each store of this region is asked. Each call has its own deadline, and raises whatever its client raises."""

    databases: Mapping[str, Callable[[], DatabasePoint]] = field(default_factory=dict)
    topics: Callable[[], Mapping[str, TopicPoint]] | None = None
    cache: Callable[[], CachePoint] | None = None


def sample(witness: WitnessBucket, stores: Stores, now: float, seconds: float = MOST_SECONDS) -> Sample:
    """`now` in Unix seconds, before anything is asked. The lease is read first: see Sample. Raises
    WitnessUnavailable."""
    held = _lease(witness)
    calls: dict[str, Callable[[], object]] = dict(stores.databases)
    calls |= {"topics": stores.topics} if stores.topics else {}
    calls |= {"cache": stores.cache} if stores.cache else {}
    found, silent = _answers(calls, seconds)
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


def write(witness: WitnessBucket, region: str, taken: Sample) -> bool:
    """Adds a sample to those of the region. Of two recorders of a region that write at once, one is left out, which is
    False: the other sample is as new. Raises WitnessUnavailable."""
    key = recovery_point.key(region)
    stored = witness.read(key)
    points = RecoveryPoints(region)
    if stored.body is not None:
        try:
            points = recovery_point.read(stored.body)
        except msgspec.DecodeError as error:  # the bucket keeps that version
            log.error("recovery_points_begun_anew", key=key, error=str(error))
    return witness.write(key, recovery_point.encode(points.with_sample(taken)), stored.etag)


def _lease(witness: WitnessBucket) -> Lease | None:
    stored = witness.read(LEASE_KEY)
    try:
        return lease.decode(stored.body) if stored.body is not None else None
    except msgspec.DecodeError as error:
        raise WitnessUnavailable(f"{LEASE_KEY} is no lease: {error}; restore its last version") from error


def _answers(calls: Mapping[str, Callable[[], object]], seconds: float) -> tuple[dict[str, object], list[str]]:
    """What each call returned, and the names of those that failed or took longer."""
    threads = ThreadPoolExecutor(max_workers=len(calls) or 1)
    futures = {name: threads.submit(call) for name, call in calls.items()}
    threads.shutdown(wait=False)  # what takes longer ends by its client's own deadline
    done, _ = wait(futures.values(), timeout=seconds)
    found = {name: one.result() for name, one in futures.items() if one in done and one.exception() is None}
    return found, [name for name in calls if name not in found]
