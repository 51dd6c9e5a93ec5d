"""One person: frames in, windows and stress events out, with all state in one object of bounded size."""

from __future__ import annotations

from hashlib import blake2b
from operator import itemgetter

import msgspec

from contracts.beats import MAX_FUTURE_MS, MAX_MOTION_MG, MAX_PAST_MS, WORKOUT
from contracts.records import StoredFrame, StoredMovement, StressEvent
from dataflows.biosync.signal import drops, order
from dataflows.biosync.signal.cleanse import Beat, Cleanser
from dataflows.biosync.signal.drops import Drops
from dataflows.biosync.signal.hrv import RollingWindows, Window
from dataflows.biosync.signal.movement import Movement
from dataflows.biosync.signal.order import DeviceState
from dataflows.biosync.signal.rules import Rules
from dataflows.biosync.signal.stress import StressDetector

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
    """Unix ms of the latest arrival of a frame that had beats or movement of its time."""
    active: str = ""
    """The device whose beats are used."""
    devices: dict[str, DeviceState] = {}
    cleanser: Cleanser = msgspec.field(default_factory=Cleanser)
    rolling: RollingWindows = msgspec.field(default_factory=RollingWindows)
    stress: StressDetector = msgspec.field(default_factory=StressDetector)
    movement: Movement = msgspec.field(default_factory=Movement)

    def step(self, frame: StoredFrame, rules: Rules, dropped: Drops | None = None) -> Outcome:
        """Process a frame of the topic; raises InvalidFrame when its times and intervals do not pair up.

        Beats that are not used are counted in `dropped`. A frame without any takes its place among the others: ingest
        refused its beats.
        """
        t = frame.t
        if frame.movement is not None:
            frame = msgspec.structs.replace(frame, movement=_usable(frame.movement, frame.received))
        if len(t) != len(frame.rr):
            raise InvalidFrame(f"{len(t)} times and {len(frame.rr)} intervals: a frame needs one interval a time")
        if dropped is None:
            dropped = Drops()
        if sorted(t) != t:
            frame = _in_order(frame)
            t = frame.t
        received = frame.received
        if t and (t[-1] > received + MAX_FUTURE_MS or t[0] < received - MAX_PAST_MS):
            frame = _of_its_time(frame, dropped)
        if received > self.received and (frame.t or frame.movement):
            self.received = received
        device = self.devices.get(frame.device)
        if device is None:
            self._add_device(frame, rules)
            outcome = self._process(frame, False, rules, dropped)
        else:
            high = device.high
            released = order.release(device, frame, rules.cleanse)
            if len(released) == 1:
                outcome = self._process(released[0], released[0].seq <= high, rules, dropped)
            elif not released:
                if all(held is not frame for held in device.held):
                    dropped.count(drops.REPEATED, len(frame.t))
                outcome = _NOTHING
            else:
                windows: list[Window] = []
                events: list[StressEvent] = []
                for released_frame in released:
                    more_windows, more_events = self._process(released_frame, False, rules, dropped)
                    windows += more_windows
                    events += more_events
                outcome = windows, events
        if dropped.lost:
            self.rolling.drop(dropped.lost)
            dropped.lost = 0
        return outcome

    def _process(self, frame: StoredFrame, late: bool, rules: Rules, dropped: Drops) -> Outcome:
        t = frame.t
        if not t:
            if frame.movement is not None and self.active in ("", frame.device):
                self._move(frame, frame.movement)
            return _NOTHING
        cleanser = self.cleanser
        if frame.device != self.active and self.active and t[0] <= cleanser.newest + DEVICE_TIMEOUT:
            dropped.lose(drops.OTHER_DEVICE, len(t))
            return _NOTHING
        set_back = frame.device == self.active and not late and t[-1] < cleanser.newest - CLOCK_SET_BACK
        if set_back:
            cleanser = Cleanser()
        beats = cleanser.cleanse(t, frame.rr, rules.cleanse, dropped)
        if beats:
            self.active = frame.device
            if set_back:
                self.cleanser = cleanser
                self.rolling = RollingWindows()
                self.stress.reset_clock()
                self.movement.reset_clock()
        outcome = self._measure(frame, beats, rules) if beats else _NOTHING
        if frame.movement is not None:
            self._move(frame, frame.movement)
        return outcome

    def _measure(self, frame: StoredFrame, beats: list[Beat], rules: Rules) -> Outcome:
        """The windows that these beats of the frame close, and the events that they raise."""
        hrv = rules.hrv
        closed = self.rolling.add(beats, hrv.window, hrv.every)
        if not closed:
            return _NOTHING
        windows: list[Window] = []
        events: list[StressEvent] = []
        samples = frame.movement
        for now, window, count, usable, of_a_heart in closed:
            windows.append(window)
            if usable:
                if samples is not None:
                    self._move(frame, samples, now)
                evidence = self.stress.evaluate(window, now, of_a_heart, count, usable, self.movement, rules.stress)
                if evidence is not None:
                    events.append(
                        StressEvent(event_id(frame.user, now), frame.user, now, frame.received, frame.trace, evidence)
                    )
        return windows, events

    def _move(self, frame: StoredFrame, samples: StoredMovement, until: int | None = None) -> None:
        """Adds the movement of the frame, until then (Unix ms): a window knows nothing of what comes after it. What
        was added before is not newer than the newest, and so changes nothing."""
        movement = self.movement
        for t, mg in zip(samples.t, samples.mg, strict=True):
            if until is not None and t > until:
                break
            movement.add(t, mg)
        if samples.activity == WORKOUT:
            movement.exert(max(frame.t[-1:] + samples.t[-1:]) if until is None else until)

    def _add_device(self, frame: StoredFrame, rules: Rules) -> None:
        devices = self.devices
        if len(devices) >= order.MAX_DEVICES:
            del devices[min(devices, key=lambda name: devices[name].newest)]
        devices[frame.device] = order.new_device(frame, rules.cleanse)


def _in_order(frame: StoredFrame) -> StoredFrame:
    """The frame with its beats in order of time; those of one time stay in the order in which they came."""
    return _with(frame, sorted(zip(frame.t, frame.rr, strict=True), key=itemgetter(0)))


def _of_its_time(frame: StoredFrame, dropped: Drops) -> StoredFrame:
    """The frame with the beats that are not dropped for their time. It keeps its place among the frames, even without
    any: what is dropped must not move anything."""
    earliest, latest = frame.received - MAX_PAST_MS, frame.received + MAX_FUTURE_MS
    kept = [sample for sample in zip(frame.t, frame.rr, strict=True) if earliest <= sample[0] <= latest]
    future = sum(t > latest for t in frame.t)
    if future:
        dropped.lose(drops.FUTURE, future)
    if past := len(frame.t) - len(kept) - future:
        dropped.lose(drops.PAST, past)
    return _with(frame, kept)


def _with(frame: StoredFrame, samples: list[tuple[int, float]]) -> StoredFrame:
    return msgspec.structs.replace(frame, t=[t for t, _ in samples], rr=[rr for _, rr in samples])


def _usable(movement: StoredMovement, received: int) -> StoredMovement | None:
    """The samples of their time that can be a movement, in order of time; None if nothing is left."""
    if len(movement.t) != len(movement.mg):
        raise InvalidFrame(f"{len(movement.t)} times and {len(movement.mg)} movements: each needs the other")
    earliest, latest = received - MAX_PAST_MS, received + MAX_FUTURE_MS
    samples = [
        (t, mg)
        for t, mg in sorted(zip(movement.t, movement.mg, strict=True), key=itemgetter(0))
        if earliest <= t <= latest and 0.0 <= mg <= MAX_MOTION_MG
    ]
    if not samples and not movement.activity:
        return None
    return StoredMovement([t for t, _ in samples], [mg for _, mg in samples], movement.activity)


def event_id(user: str, raised: int) -> str:
    """32 hexadecimal digits, a function of user and moment alone."""
    return blake2b(f"{user}\n{raised}".encode(), digest_size=16).hexdigest()


encode = msgspec.msgpack.Encoder().encode
"""A person's state as bytes."""
decode = msgspec.msgpack.Decoder(Person).decode
"""The person from these bytes; raises msgspec.ValidationError for those of another version."""
