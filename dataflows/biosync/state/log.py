"""An append-only log of the persons' states, with segments and compaction.

The recovery store of the dataflow copies the whole state of a key at each snapshot: with a partition's persons under
one key, tens of megabytes a second, while the worker is blocked. So it keeps only a `Position` in this log. A log is a
folder of segments. What a position covers never changes afterwards, and a segment that is no longer needed is retained
for RETAINED_APPENDS more appends, longer than the recovery store ever falls back.

When the log has grown to three times its live states, the oldest segment is compacted: the states whose newest version
lies there are copied to the end. Users who wear their devices are written again every few seconds, so those are few.

Nothing is fsynced: a killed process loses nothing, a machine that loses power may. Then `load` raises, and after the
state folder is deleted the dataflow computes everything from the start of the topic; the store's writes are idempotent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from struct import Struct
from zlib import crc32

import msgspec

SEGMENT = 1 << 20
"""Size in bytes at which the log rolls to the next segment."""
RETAINED_APPENDS = 16
_GROWTH = 3
_HEAD = Struct("<II")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[str, bytes | None]).decode

Position = tuple[int, int, int]
"""First and last segment, and the length of the last in bytes."""


class StateLogCorrupt(RuntimeError):
    """The log does not hold the states that the recovery store refers to."""


class StateLog:
    """The log in `folder`; everything after `position` (None: everything) is discarded. Raises StateLogCorrupt."""

    def __init__(self, folder: Path, position: Position | None) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._first, self._last, length = position or (0, 0, 0)
        for path in folder.glob("*.log"):
            if position is None or not self._first <= int(path.stem) <= self._last:
                path.unlink()
        self._lengths = dict.fromkeys(range(self._first, self._last + 1), length)
        self._newest: dict[str, tuple[int, int]] = {}
        """Segment and size of each user's newest state."""
        self._live = 0
        self._retired: list[tuple[int, int]] = []
        """Segments out of use, and the append at which they are deleted."""
        self._appends = 0
        path = self._path(self._last)
        if length > (path.stat().st_size if path.exists() else 0):
            raise self._corrupt(path, f"does not reach byte {length}")
        self._file = path.open("ab")
        self._file.truncate(length)

    def load(self) -> dict[str, bytes]:
        """All states at the position; raises StateLogCorrupt."""
        states: dict[str, bytes] = {}
        for segment in range(self._first, self._last + 1):
            path = self._path(segment)
            try:
                data = memoryview(path.read_bytes())
            except FileNotFoundError:
                raise self._corrupt(path, "is missing") from None
            self._lengths[segment] = len(data)
            at = 0
            while at < len(data):
                changes, at = self._read(path, data, at)
                self._index(segment, changes)
                for user, state in changes.items():
                    if state is None:
                        states.pop(user, None)
                    else:
                        states[user] = state
        return states

    def append(self, changes: Mapping[str, bytes | None], state: Callable[[str], bytes]) -> Position:
        """Append changes; returns the position after them. `state` gives the state of a user who did not change."""
        self._appends += 1
        while self._retired and self._retired[0][1] <= self._appends:
            self._path(self._retired.pop(0)[0]).unlink(missing_ok=True)
        if changes:
            self._write(changes)
            if sum(self._lengths.values()) > _GROWTH * max(self._live, SEGMENT):
                self._compact(state)
        return self._first, self._last, self._lengths[self._last]

    def close(self) -> None:
        self._file.close()

    def _compact(self, state: Callable[[str], bytes]) -> None:
        oldest = self._first
        if oldest == self._last:
            return
        kept = {user: state(user) for user, (segment, _) in self._newest.items() if segment == oldest}
        if kept:
            self._write(kept)
        self._first += 1
        del self._lengths[oldest]
        self._retired.append((oldest, self._appends + RETAINED_APPENDS))

    def _write(self, changes: Mapping[str, bytes | None]) -> None:
        if self._lengths[self._last] >= SEGMENT:
            self._file.close()
            self._last += 1
            self._lengths[self._last] = 0
            self._file = self._path(self._last).open("wb")
        payload = _encode(changes)
        self._file.write(_HEAD.pack(len(payload), crc32(payload)) + payload)
        self._file.flush()
        self._lengths[self._last] += _HEAD.size + len(payload)
        self._index(self._last, changes)

    def _index(self, segment: int, changes: Mapping[str, bytes | None]) -> None:
        newest = self._newest
        for user, state in changes.items():
            if user in newest:
                self._live -= newest[user][1]
            if state is None:
                newest.pop(user, None)
            else:
                newest[user] = segment, len(state)
                self._live += len(state)

    def _read(self, path: Path, data: memoryview, at: int) -> tuple[dict[str, bytes | None], int]:
        if at + _HEAD.size > len(data):
            raise self._corrupt(path, f"is cut off at byte {at}")
        length, checksum = _HEAD.unpack_from(data, at)
        end = at + _HEAD.size + length
        payload = data[at + _HEAD.size : end]
        if end > len(data) or crc32(payload) != checksum:
            raise self._corrupt(path, f"is damaged at byte {at}")
        return _decode(payload), end

    def _path(self, segment: int) -> Path:
        return self._folder / f"{segment:012d}.log"

    def _corrupt(self, path: Path, what: str) -> StateLogCorrupt:
        return StateLogCorrupt(
            f"{path} {what}. The time-series store and the topics are intact. Stop this dataflow and delete its state"
            " folder: it then computes again from the oldest record of the topic, and raises no event twice."
        )
