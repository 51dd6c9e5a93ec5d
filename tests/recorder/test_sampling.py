"""A sample of a region: what answers in time is recorded, whatever else does not answer or is damaged."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from contracts import recovery_point
from contracts.lease import LEASE_KEY
from contracts.recovery_point import CachePoint, DatabasePoint, RecoveryPoints
from services.kit.witness import Read, WitnessBucket, WitnessUnavailable
from services.recorder.sampling import Stores, sample, write

REGION, NOW = "us-west-2", 1_800_000_000.0
POINT = DatabasePoint(7, primary=True)


class Objects(WitnessBucket):
    """A bucket in memory."""

    def __init__(self, **known: bytes) -> None:
        self.known = dict(known)

    def read(self, key: str) -> Read:
        body = self.known.get(key)
        return Read(body, None if body is None else "etag", {})

    def write(self, key: str, body: bytes, etag: str | None) -> bool:
        if (key in self.known) != (etag is not None):
            return False
        self.known[key] = body
        return True


@pytest.fixture
def released() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_store_that_answers_too_late_is_silent_and_holds_up_no_sample(released: threading.Event) -> None:
    def late() -> CachePoint:
        released.wait()
        return CachePoint("stream", 1, True, True)

    def refusing() -> DatabasePoint:
        raise OSError("connection refused")

    stores = Stores({"auth": lambda: POINT, "users": refusing}, cache=late)
    taken = sample(Objects(), stores, NOW, seconds=0.5)
    assert not released.is_set()
    assert (taken.databases, taken.cache, taken.silent) == ({"auth": POINT}, None, ["users", "cache"])


def test_a_damaged_lease_is_told_and_nothing_is_sampled() -> None:
    with pytest.raises(WitnessUnavailable, match="restore its last version"):
        sample(Objects(**{LEASE_KEY: b"{"}), Stores(), NOW)


def test_samples_follow_one_another_and_damaged_ones_are_begun_anew() -> None:
    key = recovery_point.key(REGION)
    objects = Objects(**{key: b"{"})

    def points() -> RecoveryPoints:
        return recovery_point.read(objects.known[key])

    for number in (1, 2):
        assert write(objects, REGION, sample(objects, Stores({"auth": lambda: POINT}), NOW + number))
        assert [one.at for one in points().samples] == [NOW + n for n in range(1, number + 1)]


def test_one_of_two_recorders_that_write_at_once_is_left_out() -> None:
    objects, key = Objects(), recovery_point.key(REGION)

    class Raced(Objects):
        def read(self, key: str) -> Read:
            return Read(None, None, {})

    assert write(objects, REGION, sample(objects, Stores(), NOW))
    assert not write(Raced(**objects.known), REGION, sample(objects, Stores(), NOW + 1))
    assert [one.at for one in recovery_point.read(objects.known[key]).samples] == [NOW]
