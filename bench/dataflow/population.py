"""Frames of many people as ingest produces them: packed, by partition, in order of arrival."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from contracts.records import StoredFrame, pack, partition_of

BEATS = 10
"""Beats of a frame."""
SECONDS = 8.0
"""Between two frames of a person: 75 beats a minute."""
PACKED = 10
"""Frames of a record: what one ingest process receives for one of twelve partitions in 20 ms, at 50,000 people."""


@dataclass(frozen=True)
class Population:
    """Frames in order of arrival; people send evenly spread over the eight seconds."""

    people: int
    rounds: int
    frames: list[StoredFrame]

    @property
    def beats(self) -> int:
        return BEATS * len(self.frames)

    def records(self, partitions: int) -> Iterator[tuple[int, list[StoredFrame]]]:
        """Partition and frames of each record, in order of arrival of its last frame."""
        pending: list[list[StoredFrame]] = [[] for _ in range(partitions)]
        for frame in self.frames:
            partition = partition_of(frame.user, partitions)
            pending[partition].append(frame)
            if len(pending[partition]) == PACKED:
                yield partition, pending[partition]
                pending[partition] = []
        yield from ((partition, frames) for partition, frames in enumerate(pending) if frames)

    def packed(self, partitions: int) -> list[tuple[int, bytes]]:
        """Partition and value of each record."""
        return [(partition, pack(frames)) for partition, frames in self.records(partitions)]


def generate(people: int, rounds: int, start: int, seed: int = 1) -> Population:
    """`rounds` frames a person, from `start` (Unix ms): 75 beats a minute on average, with respiratory arrhythmia."""
    random = np.random.default_rng(seed)
    beats = rounds * BEATS
    moments = np.arange(beats) * (1000 * SECONDS / BEATS)
    frames: list[StoredFrame] = []
    for person in range(people):
        phase = random.uniform(0, 2 * np.pi)
        rr = 800.0 + 35.0 * np.sin(moments / 4000 * 2 * np.pi + phase) + random.normal(0.0, 9.0, beats)
        times = start + 1000 * SECONDS * person / people + np.cumsum(rr)
        frames += _frames(f"{person:08x}-bench", np.rint(times).astype(int).tolist(), np.round(rr, 3).tolist())
    frames.sort(key=lambda frame: frame.received)
    return Population(people, rounds, frames)


def _frames(user: str, times: Sequence[int], intervals: Sequence[float]) -> list[StoredFrame]:
    return [
        StoredFrame(
            user,
            "watch",
            number + 1,
            times[at + BEATS - 1] + 100,
            "0" * 32,
            list(times[at : at + BEATS]),
            list(intervals[at : at + BEATS]),
        )
        for number, at in enumerate(range(0, len(times), BEATS))
    ]
