"""What could not be processed, on the running platform, by the command of the person on call."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from confluent_kafka import Producer

from contracts.records import DeadLetter, StoredFrame, pack, partition_of
from tests.fixtures.platform import Platform
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]


def minute(user: str) -> list[StoredFrame]:
    """A minute and a half of regular beats up to now, in one frame."""
    now = int(time.time() * 1000)
    t = [now - 800 * ago for ago in range(110, 0, -1)]
    return [StoredFrame(user, "watch", 1, now, "0" * 32, t, [800.0] * len(t))]


def test_a_record_nobody_can_read_is_named_and_one_that_can_be_read_by_now_is_put_back_once(platform: Platform) -> None:
    spec: dict[str, Any] = platform.get("biostream", "-n", "aura", "bio-sync")["spec"]
    raw, dead = spec["source"]["topic"], spec["deadLetter"]["topic"]
    user = f"returned-{time.time_ns()}"
    partition = partition_of(user, spec["source"]["partitions"])
    value = pack(minute(user))
    letter = DeadLetter(raw, partition, 2**40 + time.time_ns() % 2**30, "the version before could not", value)
    producer = Producer({**platform.kafka_client()})
    producer.produce(raw, b"\xc1 nonsense", partition=partition)
    producer.produce(dead, msgspec.msgpack.encode(letter), letter.key)
    assert producer.flush(20) == 0

    def told(*more: str) -> list[str]:
        lines = platform.aura("dead-letters", "list", *more).splitlines()
        return [line for line in lines if user in line or "unreadable" in line]

    def both() -> list[str] | None:
        lines = told()
        return lines if len(lines) >= 2 else None

    waiting = until("both letters", both, 60)
    assert any(user in line and "can be processed" in line for line in waiting)
    assert any("unreadable" in line and "not a list of frames" in line for line in waiting)
    windows = platform.window_count()
    output = platform.aura("dead-letters", "replay", check=False)
    assert "1 replayed to their partitions" in output
    assert "still cannot be processed, and stay" in output
    until("the windows of what was put back", lambda: platform.window_count() > windows, 30)
    assert not any(user in line for line in told())
    assert any(user in line and "replayed" in line for line in told("--all"))
    assert user not in platform.aura("dead-letters", "replay", check=False)
