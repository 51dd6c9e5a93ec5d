"""Frames of one person brought into order, each counted once.

A wearable numbers its frames and sends again what was not acknowledged, so Kafka may hold a frame twice, and, after a
failed delivery, behind a later one. Bounds: a frame that leaves a gap in the numbers waits until the gap is filled, but
no longer than MAX_HELD frames or HOLD ms of arrival time; a frame behind the newest by less than REMEMBERED numbers is
known to be new or a repeat. Anything further back is a repeat, unless its beats are newer than all the device sent:
then the device started to count anew.
"""

from __future__ import annotations

import msgspec

from contracts.records import StoredFrame

MAX_HELD = 8
HOLD = 10_000
REMEMBERED = 64
MAX_DEVICES = 4

_ALL = (1 << REMEMBERED) - 1


class Device(msgspec.Struct, array_like=True):
    """What is remembered of a device: highest number released, bit i of `seen` for number `high` - i, newest beat."""

    high: int
    seen: int
    newest: int
    held: list[StoredFrame]


def release(device: Device, frame: StoredFrame) -> list[StoredFrame]:
    """The frames that may be processed now that `frame` came: none for a repeat or one that waits."""
    seq = frame.seq
    if seq == device.high + 1 and not device.held:
        device.high = seq
        device.seen = (device.seen << 1 | 1) & _ALL
        device.newest = max(device.newest, frame.t[-1])
        return [frame]
    if seq > device.high:
        return _hold(device, frame)
    bit = 1 << (device.high - seq) if device.high - seq < REMEMBERED else 0
    if frame.t[-1] > device.newest and (not bit or device.seen & bit):
        released = [*device.held, frame]
        device.high, device.seen, device.newest, device.held = seq, _ALL, frame.t[-1], []
        return released
    if bit and not device.seen & bit:
        device.seen |= bit
        return [frame]
    return []


def _hold(device: Device, frame: StoredFrame) -> list[StoredFrame]:
    held = device.held
    at = len(held)
    while at and held[at - 1].seq >= frame.seq:
        if held[at - 1].seq == frame.seq:
            return []
        at -= 1
    held.insert(at, frame)
    released: list[StoredFrame] = []
    while held and (held[0].seq == device.high + 1 or len(held) > MAX_HELD or frame.received - held[0].received > HOLD):
        first = held.pop(0)
        ahead = first.seq - device.high
        device.seen = (device.seen << ahead | 1) & _ALL if ahead < REMEMBERED else 1
        device.high = first.seq
        device.newest = max(device.newest, first.t[-1])
        released.append(first)
    return released


def first(frame: StoredFrame) -> Device:
    """What is remembered after the first frame of a device: numbers before it count as seen."""
    return Device(frame.seq, _ALL, frame.t[-1], [])
