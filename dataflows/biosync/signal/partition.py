"""The states of all persons of one partition."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from contracts.records import DeadLetter, StoredFrame, StressEvent, read_erasure, unpack, unpack_readable
from contracts.subjects import subject_error
from dataflows.biosync.signal.drops import Drops
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.signal.person import InvalidFrame, Person, decode, encode
from dataflows.biosync.signal.rules import Rules

STATE_TTL = 7 * 86_400_000
"""ms without a frame after which a person's state is deleted; a later frame starts a new one."""
EAGER_ENCODING_LIMIT = 200
"""Changed states up to which they are encoded at once, while they are in the processor's cache, so that a snapshot has
little left to do. While catching up there are more, and they are encoded once a snapshot instead of once a frame."""

MAX_AHEAD = 3_600_000
"""ms by which `received` of a frame may lie after the time of its record, since clocks differ. Kafka takes records that
are ahead of its own clock by as much (message.timestamp.after.max.ms, an hour since Kafka 4.0). It may lie before by
any time: a dead letter that is replayed is a new record of old frames."""

Record = tuple[int, int, bytes]
"""Offset, time in Unix ms, and value of a record of `bio-sensor-raw`."""


class Output(msgspec.Struct):
    """The results of some records."""

    rows: list[tuple[str, Window]]
    events: list[StressEvent]
    dead_letters: list[DeadLetter]
    frames: int = 0
    beats: int = 0
    dropped: dict[str, int] = {}
    """Beats of these that are not used, by reason."""
    erased: list[str] = []
    """Persons of whom a record says that the account has ended."""


class PartitionState:
    """The states of one partition. `states`: the encoded states to resume from, as `changes` returned them."""

    def __init__(self, topic: str, partition: int, rules: Rules, states: Mapping[str, bytes]) -> None:
        self._topic = topic
        self._partition = partition
        self._rules = rules
        self._persons: dict[str, Person] = {}
        self.discarded: list[str] = []
        """Persons whose state can be neither read nor kept: they start anew."""
        for user, state in states.items():
            try:
                if subject_error(user):
                    raise InvalidFrame
                self._persons[user] = decode(state)
            except (msgspec.MsgspecError, ValueError):
                self.discarded.append(user)
        self._changed: set[str] = set()
        self._encoded: dict[str, bytes] = {}
        self._expired = set(self.discarded)
        self._now = max((person.received for person in self._persons.values()), default=0)

    def step(self, records: list[Record]) -> Output:
        """Process records in order; those that cannot be processed become dead letters, and the rest continues."""
        output = Output([], [], [])
        dropped = Drops()
        for offset, at, value in records:
            latest = at + MAX_AHEAD
            if self._now > latest:  # of a state from before `received` was bounded
                self._now = latest
            try:
                frames = unpack(value)
            except msgspec.DecodeError as error:
                if erased := self._erased(value):
                    output.erased.append(erased)
                    continue
                frames = self._readable(offset, value, f"not a list of frames: {error}", output)
            for frame in frames:
                try:
                    if not 0 <= frame.received <= latest:
                        raise InvalidFrame(_wrong_arrival(frame.received, at))
                    self._frame(frame, output, dropped)
                except InvalidFrame as error:
                    output.dead_letters.append(self._dead_letter(offset, str(error), msgspec.msgpack.encode([frame])))
                except Exception as error:  # no frame may stop the others
                    reason = f"frame {frame.seq} of {frame.user}: {type(error).__name__}: {error}"
                    output.dead_letters.append(self._dead_letter(offset, reason, msgspec.msgpack.encode([frame])))
        output.dropped = dropped.reasons
        if len(self._changed) <= EAGER_ENCODING_LIMIT:
            self._encode_changed()
        return output

    def _erased(self, value: bytes) -> str:
        """The person of an erasure, which is then done; empty if the record is none."""
        try:
            erasure = read_erasure(value)
        except msgspec.DecodeError:
            return ""
        person = self._persons.get(erasure.user)
        if person is not None and person.received < erasure.until:
            del self._persons[erasure.user]
            self._changed.discard(erasure.user)
            self._encoded.pop(erasure.user, None)
            self._expired.add(erasure.user)
        return erasure.user

    def _readable(self, offset: int, value: bytes, reason: str, output: Output) -> list[StoredFrame]:
        """The frames of a record that can be read; the others become dead letters, or the whole record."""
        try:
            frames, unreadable = unpack_readable(value)
        except msgspec.DecodeError:
            frames, unreadable = [], []
        if not frames and len(unreadable) <= 1:
            unreadable = [(value, reason)]
        output.dead_letters += [self._dead_letter(offset, error, part) for part, error in unreadable]
        return frames

    def _frame(self, frame: StoredFrame, output: Output, dropped: Drops) -> None:
        user = frame.user
        persons = self._persons
        if user not in self._changed:
            if user not in persons and (wrong := subject_error(user)):
                raise InvalidFrame(wrong)
            self._changed.add(user)
            # the dictionary stays in order of last use, so that expired states are at its front
            persons[user] = persons.pop(user, None) or Person()
        output.frames += 1
        output.beats += len(frame.t)
        person = persons[user]
        windows, events = person.step(frame, self._rules, dropped)
        if person.received > self._now:
            self._now = person.received
        for window in windows:
            output.rows.append((user, window))
        if events:
            output.events += events

    def changes(self) -> dict[str, bytes | None]:
        """States that changed since the last call; None for those that expired or were erased."""
        persons = self._persons
        self._encode_changed()
        changes: dict[str, bytes | None] = dict.fromkeys(self._expired) | self._encoded
        self._encoded.clear()
        self._expired.clear()
        while persons:
            user, person = next(iter(persons.items()))
            if person.received >= self._now - STATE_TTL:
                break
            del persons[user]
            changes[user] = None
        return changes

    def _encode_changed(self) -> None:
        for user in self._changed:
            try:
                self._encoded[user] = encode(self._persons[user])
            except (ValueError, OverflowError):  # no number of a frame should get there; it must not end the worker
                del self._persons[user]
                self.discarded.append(user)
                self._encoded.pop(user, None)
                self._expired.add(user)
        self._changed.clear()

    def state(self, user: str) -> bytes:
        """The encoded state of an existing user."""
        return encode(self._persons[user])

    def _dead_letter(self, offset: int, reason: str, value: bytes) -> DeadLetter:
        return DeadLetter(self._topic, self._partition, offset, reason, value)


def _wrong_arrival(received: int, at: int) -> str:
    ahead = f"the record is of {at}, and no frame arrives more than {MAX_AHEAD} ms after that"
    return f"received is {received}: {ahead if received > at else 'that is before 1970'}"
