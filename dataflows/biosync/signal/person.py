"""One person: frames in, windows and stress events out, with all state in one object of bounded size."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from contracts.beats import MAX_FUTURE_MS, MAX_PAST_MS
from contracts.records import StoredFrame, StressEvent
from dataflows.biosync.signal import order
from dataflows.biosync.signal.cleanse import Cleanser
from dataflows.biosync.signal.hrv import RollingWindows, Window
from dataflows.biosync.signal.order import DeviceState
from dataflows.biosync.signal.rules import Rules
from dataflows.biosync.signal.stress import StressDetector

MAX_FUTURE, MAX_PAST = MAX_FUTURE_MS, MAX_PAST_MS
"""ms by which a beat may lie after and before its arrival; others are dropped, wherever the frame comes from."""
CLOCK_SET_BACK = 60_000
"""ms by which a frame in sequence must lie before the newest beat to mean that the device's clock was set back."""
DEVICE_TIMEOUT = 30_000
"""ms of silence after which another device of the same person becomes active: two would count each beat twice."""

Outcome = tuple[list[Window], list[StressEvent]]
_NOTHING: Outcome = ([], [])


class InvalidFrame(ValueError):
    """An inconsistent frame; the person's state is unchanged."""


class Person(msgspec.Struct, array_like=True):
    """The state that the computation keeps of a person."""

    received: int = 0
    """Unix ms at which the last frame arrived."""
    active: str = ""
    """The device whose beats are used."""
    devices: dict[str, DeviceState] = {}
    cleanser: Cleanser = msgspec.field(default_factory=Cleanser)
    rolling: RollingWindows = msgspec.field(default_factory=RollingWindows)
    stress: StressDetector = msgspec.field(default_factory=StressDetector)

    def step(self, frame: StoredFrame, rules: Rules) -> Outcome:
        """Process a frame of the topic; raises InvalidFrame when its times and intervals do not pair up."""
        if not frame.t or len(frame.t) != len(frame.rr):
            raise InvalidFrame(f"{len(frame.t)} times and {len(frame.rr)} intervals: a frame needs one interval a time")
        self.received = frame.received
        device = self.devices.get(frame.device)
        if device is None:
            self._add_device(frame)
            return self._process(frame, False, rules)
        high = device.high
        released = order.release(device, frame)
        if len(released) == 1:
            return self._process(released[0], released[0].seq <= high, rules)
        if not released:
            return _NOTHING
        windows: list[Window] = []
        events: list[StressEvent] = []
        for released_frame in released:
            more_windows, more_events = self._process(released_frame, False, rules)
            windows += more_windows
            events += more_events
        return windows, events

    def _process(self, frame: StoredFrame, late: bool, rules: Rules) -> Outcome:
        t = frame.t
        samples = zip(t, frame.rr, strict=True)
        first, last = t[0], t[-1]
        if sorted(t) != t:
            samples = sorted(samples)
            first, last = samples[0][0], samples[-1][0]
        if last > frame.received + MAX_FUTURE or first < frame.received - MAX_PAST:
            samples = [s for s in samples if frame.received - MAX_PAST <= s[0] <= frame.received + MAX_FUTURE]
            if not samples:
                return _NOTHING
            first, last = samples[0][0], samples[-1][0]
        cleanser = self.cleanser
        if frame.device != self.active:
            if first <= cleanser.newest + DEVICE_TIMEOUT and self.active:
                return _NOTHING
            self.active = frame.device
        elif last < cleanser.newest - CLOCK_SET_BACK and not late:
            cleanser = self.cleanser = Cleanser()
            self.rolling = RollingWindows()
            self.stress.reset_clock()
        beats = cleanser.cleanse(samples, rules.cleanse)
        if not beats:
            return _NOTHING
        hrv = rules.hrv
        closed = self.rolling.add(beats, hrv.window, hrv.every)
        if not closed:
            return _NOTHING
        windows: list[Window] = []
        events: list[StressEvent] = []
        for now, window, usable in closed:
            windows.append(window)
            if usable:
                evidence = self.stress.evaluate(window, now, usable, rules.stress)
                if evidence is not None:
                    events.append(
                        StressEvent(event_id(frame.user, now), frame.user, now, frame.received, frame.trace, evidence)
                    )
        return windows, events

    def _add_device(self, frame: StoredFrame) -> None:
        devices = self.devices
        if len(devices) >= order.MAX_DEVICES:
            del devices[min(devices, key=lambda name: devices[name].newest)]
        devices[frame.device] = order.new_device(frame)


def event_id(user: str, raised: int) -> str:
    """32 hexadecimal digits, a function of user and moment alone."""
    return blake2b(f"{user}\n{raised}".encode(), digest_size=16).hexdigest()


encode = msgspec.msgpack.Encoder().encode
"""A person's state as bytes."""
decode = msgspec.msgpack.Decoder(Person).decode
"""The person from these bytes; raises msgspec.ValidationError for those of another version."""
