"""One person: frames in, windows and stress events out, all state in one object of bounded size."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from contracts.records import StoredFrame, StressEvent
from dataflows.biosync.signal import order
from dataflows.biosync.signal.cleanse import Cleanser
from dataflows.biosync.signal.hrv import Rolling, Window
from dataflows.biosync.signal.order import Device
from dataflows.biosync.signal.rules import Rules
from dataflows.biosync.signal.stress import Stress

FUTURE = 60_000
"""ms by which a beat may lie after its arrival: clocks differ. Beats beyond are dropped, or one wrong clock would make
all that follows late."""
PAST = 86_400_000
"""ms by which a beat may lie before its arrival: a day, what a wearable may have kept while out of reach."""
TURNED_BACK = 60_000
"""ms by which a frame in its turn must lie before the newest beat to say that the device's clock was set back."""
TAKE_OVER = 30_000
"""ms of silence after which another device of the same person is listened to: two would count each heart beat twice."""

Outcome = tuple[list[Window], list[StressEvent]]
_NOTHING: Outcome = ([], [])


class Unusable(ValueError):
    """A frame that makes no sense; the person's state is as it was."""


class Person(msgspec.Struct, array_like=True):
    """Everything the computation remembers of a person."""

    received: int = 0
    """Unix ms at which the last frame arrived."""
    active: str = ""
    """The device that is listened to."""
    devices: dict[str, Device] = {}
    cleanser: Cleanser = msgspec.field(default_factory=Cleanser)
    rolling: Rolling = msgspec.field(default_factory=Rolling)
    stress: Stress = msgspec.field(default_factory=Stress)

    def step(self, frame: StoredFrame, rules: Rules) -> Outcome:
        """Process a frame as it lies in the topic; raises Unusable on one whose times and intervals don't pair up."""
        if not frame.t or len(frame.t) != len(frame.rr):
            raise Unusable(f"{len(frame.t)} times and {len(frame.rr)} intervals: a frame needs one interval a time")
        self.received = frame.received
        device = self.devices.get(frame.device)
        if device is None:
            self._remember(frame)
            return self._process(frame, False, rules)
        high = device.high
        released = order.release(device, frame)
        if len(released) == 1:
            return self._process(released[0], released[0].seq <= high, rules)
        if not released:
            return _NOTHING
        windows: list[Window] = []
        events: list[StressEvent] = []
        for each in released:
            more_windows, more_events = self._process(each, False, rules)
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
        if last > frame.received + FUTURE or first < frame.received - PAST:
            samples = [s for s in samples if frame.received - PAST <= s[0] <= frame.received + FUTURE]
            if not samples:
                return _NOTHING
            first, last = samples[0][0], samples[-1][0]
        cleanser = self.cleanser
        if frame.device != self.active:
            if first <= cleanser.newest + TAKE_OVER and self.active:
                return _NOTHING
            self.active = frame.device
        elif last < cleanser.newest - TURNED_BACK and not late:
            cleanser = self.cleanser = Cleanser()
            self.rolling = Rolling()
            self.stress.turn_back()
        beats = cleanser.usable(samples, rules.cleanse)
        if not beats:
            return _NOTHING
        hrv = rules.hrv
        closings = self.rolling.add(beats, hrv.window, hrv.every)
        if not closings:
            return _NOTHING
        windows: list[Window] = []
        events: list[StressEvent] = []
        for now, window, usable in closings:
            windows.append(window)
            if usable:
                evidence = self.stress.judge(window, now, usable, rules.stress)
                if evidence is not None:
                    events.append(
                        StressEvent(event_id(frame.user, now), frame.user, now, frame.received, frame.trace, evidence)
                    )
        return windows, events

    def _remember(self, frame: StoredFrame) -> None:
        devices = self.devices
        if len(devices) >= order.MAX_DEVICES:
            del devices[min(devices, key=lambda name: devices[name].newest)]
        devices[frame.device] = order.first(frame)


def event_id(user: str, raised: int) -> str:
    """32 hexadecimal digits, a function of person and moment alone."""
    return blake2b(f"{user}\n{raised}".encode(), digest_size=16).hexdigest()


encode = msgspec.msgpack.Encoder().encode
"""A person's state as bytes."""
decode = msgspec.msgpack.Decoder(Person).decode
"""The person whose state gave these bytes; raises msgspec.ValidationError for another version's."""
