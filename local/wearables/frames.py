"""The frames of a series of beats, and when a wearable sends them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from contracts.stream import MAX_SAMPLES_A_FRAME, Frame, Motion, Sample
from local.wearables.beats import Beat
from local.wearables.motion import Moved

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


def alongside(motion: Sequence[Moved], recorded: list[Beat], sent: list[Beat]) -> list[Moved]:
    """The movement of a recording, shifted as its beats were."""
    offset = sent[0][0] - recorded[0][0]
    return [(t + offset, mg) for t, mg in motion]


def frames(beats: list[Beat], device: str, speed: float, motion: Sequence[Moved] = ()) -> list[Timed]:
    """Frames of ten beats with the movement until the last of them, numbered from 1; each is due when its last beat has
    happened."""
    first = beats[0][0]
    chunks = [beats[i : i + BEATS_A_FRAME] for i in range(0, len(beats), BEATS_A_FRAME)]
    timed: list[Timed] = []
    before = -1
    for seq, chunk in enumerate(chunks, 1):
        last = chunk[-1][0]
        moved = [Motion(t, mg) for t, mg in motion if before < t <= last][-MAX_SAMPLES_A_FRAME:] if motion else []
        frame = Frame(device, seq, [Sample(t, rr) for t, rr in chunk], moved)
        timed.append(Timed((last - first) / 1000 / speed, frame))
        before = last
    return timed
