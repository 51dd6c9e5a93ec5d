"""Which beats of a frame can be stored, and what the client is told about the others. Pure.

What is acknowledged is stored, or the acknowledgement says what was dropped and why. The common case costs two minima
and two maxima of a frame's lists.
"""

from __future__ import annotations

from statistics import median_low

from contracts.beats import (
    MAX_FUTURE_MS,
    MAX_MOTION_MG,
    MAX_PAST_MS,
    MAX_RR_MS,
    MIN_RR_MS,
    unit_of_interval,
    unit_of_time,
)
from contracts.records import StoredMovement
from contracts.stream import DropReason, Frame, Motion, Refusal

_EXPECTED_TIME = (
    f"t in Unix milliseconds, at most {MAX_PAST_MS // 3_600_000} h before and {MAX_FUTURE_MS // 1000} s after arrival"
)
_EXPECTED_INTERVAL = f"rr in milliseconds, {MIN_RR_MS:g} to {MAX_RR_MS:g}"
_EXPECTED_MOTION = f"motion_mg in thousandths of g, 0 to {MAX_MOTION_MG:g}"
_QUARTER_HOUR_MS = 900_000
_LARGEST_OFFSET_MS = 14 * 3_600_000
"""UTC+14, the clock that is furthest ahead of UTC."""

Dropped = dict[str, int]
"""How many beats were not stored, by DropReason."""


def storable(t: list[int], rr: list[float], received: int) -> bool:
    """Whether all beats of a frame that arrived at `received` (Unix ms) can be stored; the lists are not empty."""
    return (
        min(t) >= received - MAX_PAST_MS
        and max(t) <= received + MAX_FUTURE_MS
        and min(rr) >= MIN_RR_MS
        and max(rr) <= MAX_RR_MS
    )


def sort_out(t: list[int], rr: list[float], received: int) -> tuple[list[int], list[float], Dropped]:
    """Times and intervals of the beats that can be stored, and the number of the others by reason."""
    kept_t: list[int] = []
    kept_rr: list[float] = []
    dropped: Dropped = {}
    for at, interval in zip(t, rr, strict=True):
        reason = _reason(at, interval, received)
        if reason is None:
            kept_t.append(at)
            kept_rr.append(interval)
        else:
            dropped[reason.value] = dropped.get(reason.value, 0) + 1
    return kept_t, kept_rr, dropped


def movement(frame: Frame, received: int, dropped: Dropped) -> StoredMovement | None:
    """The movement of the frame as it is stored; what cannot be stored is added to `dropped`. None where the frame has
    neither movement nor activity."""
    if not frame.motion and frame.activity is None:
        return None
    t: list[int] = []
    mg: list[float] = []
    for sample in frame.motion:
        reason = _reason_of_motion(sample, received)
        if reason is None:
            t.append(sample.t)
            mg.append(sample.motion_mg)
        else:
            dropped[reason.value] = dropped.get(reason.value, 0) + 1
    return StoredMovement(t, mg, frame.activity or "")


def refuse_movement(seq: int, motion: list[Motion], received: int) -> tuple[Refusal, DropReason]:
    """The answer to a frame without beats of which no movement can be stored: the reason of its first."""
    first = motion[0]
    reason = _reason_of_motion(first, received) or DropReason.MOTION_OUT_OF_RANGE
    if reason is DropReason.MOTION_OUT_OF_RANGE:
        error, expected = f"motion_mg is {first.motion_mg:.12g}", _EXPECTED_MOTION
    else:
        error, expected = _time_error(first.t, received), _EXPECTED_TIME
    return Refusal(f"no movement can be stored: {error}", expected, seq), reason


def _reason_of_motion(sample: Motion, received: int) -> DropReason | None:
    in_time = _reason_of_time(sample.t, received)
    if in_time is not None or 0.0 <= sample.motion_mg <= MAX_MOTION_MG:
        return in_time
    return DropReason.MOTION_OUT_OF_RANGE


def refuse(seq: int, t: list[int], rr: list[float], received: int) -> tuple[Refusal, DropReason]:
    """The answer to a frame of which no beat can be stored, and the most frequent reason."""
    beats: dict[DropReason, list[tuple[int, float]]] = {}
    for at, interval in zip(t, rr, strict=True):
        if (reason := _reason(at, interval, received)) is not None:
            beats.setdefault(reason, []).append((at, interval))
    reason = max(beats, key=lambda each: len(beats[each]))
    if reason is DropReason.RR_OUT_OF_RANGE:
        error, expected = _interval_error(median_low(interval for _, interval in beats[reason])), _EXPECTED_INTERVAL
    else:
        error, expected = _time_error(median_low(at for at, _ in beats[reason]), received), _EXPECTED_TIME
    return Refusal(f"no beat can be stored: {error}", expected, seq), reason


def _reason(t: int, rr: float, received: int) -> DropReason | None:
    in_time = _reason_of_time(t, received)
    if in_time is not None or MIN_RR_MS <= rr <= MAX_RR_MS:
        return in_time
    return DropReason.RR_OUT_OF_RANGE


def _reason_of_time(t: int, received: int) -> DropReason | None:
    if t < received - MAX_PAST_MS:
        return DropReason.TOO_OLD
    return DropReason.IN_FUTURE if t > received + MAX_FUTURE_MS else None


def _interval_error(rr: float) -> str:
    unit = unit_of_interval(rr)
    return f"rr is {rr:.12g}" + (f", which looks like {unit}" if unit else "")


def _time_error(t: int, received: int) -> str:
    if unit := unit_of_time(t):
        return f"t is {t}, which looks like {unit}"
    ahead = t - received
    distance = f"{abs(ahead) / 1000:,.0f} s {'after' if ahead > 0 else 'before'} its arrival at {received}"
    local = _QUARTER_HOUR_MS - MAX_FUTURE_MS <= ahead <= _LARGEST_OFFSET_MS + MAX_FUTURE_MS
    off = abs(ahead - round(ahead / _QUARTER_HOUR_MS) * _QUARTER_HOUR_MS)
    guess = "; it looks like local time: Unix time has no zone" if local and off <= MAX_FUTURE_MS else ""
    return f"t is {t}, {distance}{guess}"
