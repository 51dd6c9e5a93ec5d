"""Everyone whose beats lie in one partition."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from contracts.records import DeadLetter, StoredFrame, StressEvent, unpack
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.signal.person import Person, Unusable, decode, encode
from dataflows.biosync.signal.rules import Rules

FORGET_AFTER = 7 * 86_400_000
"""ms without a frame after which a person is forgotten; who comes back later is met as new."""
FEW = 200
"""Changes up to which states are encoded at once, while they are in the processor's cache, so that a snapshot
has little left to do; while catching up they are encoded once a snapshot instead of once a frame."""

Record = tuple[int, bytes]
"""Offset and value of a record of `bio-sensor-raw`."""


class Output(msgspec.Struct):
    """What some records gave."""

    rows: list[tuple[str, Window]]
    events: list[StressEvent]
    dead: list[DeadLetter]
    frames: int = 0
    beats: int = 0


class People:
    """The people of one partition. `states`: what `changes` gave so far, to go on from there."""

    def __init__(self, topic: str, partition: int, rules: Rules, states: Mapping[str, bytes]) -> None:
        self._topic = topic
        self._partition = partition
        self._rules = rules
        self._people = {user: decode(state) for user, state in states.items()}
        self._changed: set[str] = set()
        self._encoded: dict[str, bytes] = {}
        self._now = max((person.received for person in self._people.values()), default=0)

    def step(self, records: list[Record]) -> Output:
        """Process records in order; what can't be processed becomes a dead letter and the rest goes on."""
        output = Output([], [], [])
        for offset, value in records:
            try:
                frames = unpack(value)
            except msgspec.DecodeError as error:
                output.dead.append(self._dead(offset, f"not a list of frames: {error}", value))
                continue
            for frame in frames:
                try:
                    self._frame(frame, output)
                except Unusable as error:
                    output.dead.append(self._dead(offset, str(error), msgspec.msgpack.encode([frame])))
                except Exception as error:  # whatever a frame provokes must not stop everyone else's
                    reason = f"frame {frame.seq} of {frame.user}: {type(error).__name__}: {error}"
                    output.dead.append(self._dead(offset, reason, msgspec.msgpack.encode([frame])))
        if len(self._changed) <= FEW:
            self._encode_changed()
        return output

    def _frame(self, frame: StoredFrame, output: Output) -> None:
        user = frame.user
        people = self._people
        if user not in self._changed:
            self._changed.add(user)
            # the dictionary stays in order of last use, so that the forgotten are found at its front
            people[user] = people.pop(user, None) or Person()
        output.frames += 1
        output.beats += len(frame.t)
        if frame.received > self._now:
            self._now = frame.received
        windows, events = people[user].step(frame, self._rules)
        for window in windows:
            output.rows.append((user, window))
        if events:
            output.events += events

    def changes(self) -> dict[str, bytes | None]:
        """States that changed since the last call; None for those forgotten."""
        people = self._people
        self._encode_changed()
        changes: dict[str, bytes | None] = dict(self._encoded)
        self._encoded.clear()
        while people:
            user, person = next(iter(people.items()))
            if person.received >= self._now - FORGET_AFTER:
                break
            del people[user]
            changes[user] = None
        return changes

    def _encode_changed(self) -> None:
        for user in self._changed:
            self._encoded[user] = encode(self._people[user])
        self._changed.clear()

    def state(self, user: str) -> bytes:
        """The state of one who is known."""
        return encode(self._people[user])

    def _dead(self, offset: int, reason: str, value: bytes) -> DeadLetter:
        return DeadLetter(self._topic, self._partition, offset, reason, value)
