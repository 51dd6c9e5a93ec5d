"""The frames of a series of beats, and when a wearable sends them."""

from __future__ import annotations

import msgspec

from contracts.stream import Frame, Sample
from local.wearables.beats import Beat

BEATS_A_FRAME = 10
DEVICE = "wearable-1"


class Timed(msgspec.Struct, frozen=True):
    """A frame, and when it is due, in seconds after the start of streaming."""

    due: float
    frame: Frame


def shifted(beats: list[Beat], speed: float, start: float) -> list[Beat]:
    """The beats shifted in time so that the last one happens when it is sent.

    `start` is the Unix time in seconds at which streaming begins. Faster than real time, the series must begin in the
    past: the stream accepts beats from the past (up to a day) and none from the future.
    """
    length = (beats[-1][0] - beats[0][0]) / 1000
    offset = round((start + length / speed) * 1000) - beats[-1][0]
    return [(t + offset, interval) for t, interval in beats]


def frames(beats: list[Beat], device: str, speed: float) -> list[Timed]:
    """Frames of ten beats, numbered from 1; each is due when its last beat has happened."""
    first = beats[0][0]
    chunks = [beats[i : i + BEATS_A_FRAME] for i in range(0, len(beats), BEATS_A_FRAME)]
    return [
        Timed((chunk[-1][0] - first) / 1000 / speed, Frame(device, seq, [Sample(t, rr) for t, rr in chunk]))
        for seq, chunk in enumerate(chunks, 1)
    ]
