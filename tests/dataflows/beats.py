"""Synthesised heart beats for tests: respiratory arrhythmia and noise around a rate raised by stress."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from contracts.records import StoredFrame, pack
from dataflows.biosync.signal.partition import Record

START = 1_760_000_000_000
"""Unix ms; a multiple of ten seconds."""

AT = START + 30 * 86_400_000
"""Unix ms of records: later than what these tests send arrives."""

Beat = tuple[int, float]


def series(seed: int, minutes: float, stress: Sequence[tuple[float, float]] = (), start: int = START) -> list[Beat]:
    """Beats (Unix ms, ms): rest at about 65 a minute, and 95 with little variability between the minutes of
    `stress`."""
    random_ = random.Random(seed)
    beats: list[Beat] = []
    t = float(start + random_.randrange(1000))
    end = start + minutes * 60_000
    rate = 65.0
    while t < end:
        minute = (t - start) / 60_000
        strained = any(a <= minute < b for a, b in stress)
        rate += ((95.0 if strained else 65.0) - rate) * 0.05
        swing = 5.0 if strained else 35.0
        rr = round(60_000 / rate + swing * math.sin(t / 4000 * 2 * math.pi) + random_.gauss(0, swing / 4), 3)
        t += rr
        beats.append((round(t), rr))
    return beats


def frames(
    user: str, beats: Sequence[Beat], size: int = 10, device: str = "watch", first: int = 1
) -> list[StoredFrame]:
    """The beats in frames of `size`, each received 100 ms after its last beat."""
    return [
        StoredFrame(
            user,
            device,
            first + i // size,
            max(t for t, _ in beats[i : i + size]) + 100,
            "0" * 32,
            [t for t, _ in beats[i : i + size]],
            [rr for _, rr in beats[i : i + size]],
        )
        for i in range(0, len(beats), size)
    ]


def records(values: Sequence[bytes | list[StoredFrame]], first: int = 0, at: int = AT) -> list[Record]:
    """Records with these values, or of these frames, from the offset `first` on."""
    packed = (value if isinstance(value, bytes) else pack(value) for value in values)
    return [(offset, at, value) for offset, value in enumerate(packed, first)]
