"""Reordering and deduplication of one person's frames.

A wearable numbers its frames and sends those again that were not acknowledged. So Kafka may hold a frame twice, and,
after a failed delivery, behind a later one. A frame that leaves a gap in the numbers is held until the gap is filled,
but for no more than MAX_HELD frames or MAX_HOLD ms of arrival time. A frame behind the newest by less than SEEN_BITS
numbers is recognised as new or as a repeat. One further back is a repeat, unless its beats are newer than all that the
device sent: then the device restarted its numbering. The frames come here without the beats that are dropped for their
time (person.py). Neither those nor artefacts count as the newest.
"""

from __future__ import annotations

import msgspec

from contracts.records import StoredFrame
from dataflows.biosync.signal.rules import CleanseRules

MAX_HELD = 8
MAX_HOLD = 10_000
SEEN_BITS = 64
MAX_DEVICES = 4

_ALL = (1 << SEEN_BITS) - 1


class DeviceState(msgspec.Struct, array_like=True):
    """State of a device: highest number released, bit i of `seen` for number `high` - i, newest beat, held frames."""

    high: int
    seen: int
    newest: int
    held: list[StoredFrame]


def release(device: DeviceState, frame: StoredFrame, rules: CleanseRules) -> list[StoredFrame]:
    """The frames that can be processed after `frame` arrived: none for a repeat or one that is held."""
    seq, t, rr = frame.seq, frame.t, frame.rr
    newest = t[-1] if t and rules.min_rr <= rr[-1] <= rules.max_rr else _newest(frame, rules)
    if seq == device.high + 1 and not device.held:
        device.high = seq
        device.seen = (device.seen << 1 | 1) & _ALL
        if newest > device.newest:
            device.newest = newest
        return [frame]
    if seq > device.high:
        return _hold(device, frame, rules)
    bit = 1 << (device.high - seq) if device.high - seq < SEEN_BITS else 0
    if newest > device.newest and (not bit or device.seen & bit):
        released = [*device.held, frame]
        device.high, device.seen, device.newest, device.held = seq, _ALL, newest, []
        return released
    if bit and not device.seen & bit:
        device.seen |= bit
        return [frame]
    return []


def _hold(device: DeviceState, frame: StoredFrame, rules: CleanseRules) -> list[StoredFrame]:
    held = device.held
    at = len(held)
    while at and held[at - 1].seq >= frame.seq:
        if held[at - 1].seq == frame.seq:
            return []
        at -= 1
    held.insert(at, frame)
    released: list[StoredFrame] = []
    while held and (
        held[0].seq == device.high + 1 or len(held) > MAX_HELD or frame.received - held[0].received > MAX_HOLD
    ):
        first = held.pop(0)
        gap = first.seq - device.high
        device.seen = (device.seen << gap | 1) & _ALL if gap < SEEN_BITS else 1
        device.high = first.seq
        device.newest = max(device.newest, _newest(first, rules))
        released.append(first)
    return released


def new_device(frame: StoredFrame, rules: CleanseRules) -> DeviceState:
    """The state after the first frame of a device: numbers before it count as seen."""
    return DeviceState(frame.seq, _ALL, _newest(frame, rules), [])


def _newest(frame: StoredFrame, rules: CleanseRules) -> int:
    """The newest beat of a frame, whose beats are in order, that is no artefact; 0 when it has none."""
    samples = zip(frame.t, frame.rr, strict=True)
    return max((t for t, rr in samples if rules.min_rr <= rr <= rules.max_rr), default=0)
