"""People's states on disk, by appending what changed.

The recovery store of the dataflow keeps a copy of everything a key holds at each snapshot: with a partition's people under
one key, tens of megabytes a second, and the worker stands still meanwhile. So it keeps only a `Position` in this log. A
log is a folder of generations; a generation starts with everyone's state and goes on with changes. What lies before
a position never changes, and the last KEPT generations stay, so any position the recovery store may come back to can be read.

Nothing is fsynced: a killed process loses nothing, a machine that loses power may. Then `load` says so, and deleting
the state folder makes the dataflow compute everything from the start of the topic, which the store takes as it did.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from struct import Struct
from zlib import crc32

import msgspec

KEPT = 4
_SMALLEST = 1 << 20
"""Bytes a generation may always reach."""
_HEAD = Struct("<II")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[str, bytes | None]).decode

Position = tuple[int, int]
"""Generation, and length of its file in bytes."""


class StateLost(RuntimeError):
    """The log doesn't hold what the recovery store relies on."""


class StateLog:
    """The log in `folder`; everything after `position` (None: all there is) is void."""

    def __init__(self, folder: Path, position: Position | None) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._generation, self._length = position or (0, 0)
        self._base = 0
        for path in folder.glob("*.log"):
            if position is None or int(path.stem) > self._generation:
                path.unlink()
        self._file = self._path(self._generation).open("ab")
        self._file.truncate(self._length)

    def load(self) -> dict[str, bytes]:
        """Everyone's state at the position; raises StateLost."""
        path = self._path(self._generation)
        data = memoryview(path.read_bytes())
        states: dict[str, bytes | None] = {}
        at = 0
        while at < self._length:
            if at + _HEAD.size > len(data):
                raise self._lost(path, f"ends at byte {len(data)} of {self._length}")
            length, checksum = _HEAD.unpack_from(data, at)
            at += _HEAD.size
            payload = data[at : at + length]
            if crc32(payload) != checksum:
                raise self._lost(path, f"is damaged at byte {at}")
            states |= _decode(payload)
            at += length
            if not self._base:
                self._base = at
        return {user: state for user, state in states.items() if state is not None}

    def append(self, changes: Mapping[str, bytes | None]) -> Position:
        """The position after these changes."""
        if changes:
            self._write(changes)
        return self._generation, self._length

    def full(self) -> bool:
        """Whether a new generation is due: its changes outweigh the states they change."""
        return self._length > max(_SMALLEST, 3 * self._base)

    def renew(self, states: Mapping[str, bytes]) -> Position:
        """The position after a new generation that holds everyone's state."""
        self._file.close()
        self._generation += 1
        self._length = 0
        self._file = self._path(self._generation).open("wb")
        self._write(states)
        self._base = self._length
        self._path(self._generation - KEPT).unlink(missing_ok=True)
        return self._generation, self._length

    def close(self) -> None:
        self._file.close()

    def _write(self, changes: Mapping[str, bytes | None]) -> None:
        payload = _encode(changes)
        self._file.write(_HEAD.pack(len(payload), crc32(payload)) + payload)
        self._file.flush()
        self._length += _HEAD.size + len(payload)

    def _path(self, generation: int) -> Path:
        return self._folder / f"{generation:012d}.log"

    def _lost(self, path: Path, what: str) -> StateLost:
        return StateLost(
            f"{path} {what}. The time-series store and the topics are intact. Stop this dataflow and delete its state"
            " folder: it then computes again from the oldest record of the topic, and raises no event twice."
        )
