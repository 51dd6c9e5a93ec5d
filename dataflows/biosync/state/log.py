"""The local log of a partition: what changed in its persons' states, and the place in the topic that goes with it.

A log is a folder of segments. Each record holds everything that belongs to one moment: the place, the changes since the
record before, and the results that were not written yet. So the log needs nothing beside it, and one that ends earlier
is an earlier state.

When the log has grown to three times its live states, the oldest segment is compacted: the states whose newest version
lies there are copied to the end. Users who wear their devices are written again every few seconds, so those are few.
The compacted segment is retained for RETAINED_APPENDS more appends, so that the end of the log can be lost.

Nothing is fsynced, because the log is a cache: a killed process loses nothing, a machine that loses power may. Then the
state comes from S3, or from the topic (choice.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BufferedWriter
from pathlib import Path
from struct import Struct
from zlib import crc32

import msgspec

from dataflows.biosync.place import Place

SEGMENT = 1 << 20
"""Size in bytes at which the log rolls to the next segment."""
RETAINED_APPENDS = 16
_GROWTH = 3
_LENGTHS = Struct("<II")
_HEAD = Struct("<III")
"""Length and checksum of the payload, and the checksum of these two: a damaged length is not a cut-off record."""


class StateLogCorrupt(RuntimeError):
    """The log is damaged before its end: what it says cannot be used."""


class Content(msgspec.Struct, array_like=True):
    """What a partition is at a moment: the fencing epoch of its writer (0 without a bucket), the place up to which it
    has read, the encoded states, and the unwritten results (sink/results.py)."""

    epoch: int
    place: Place
    states: dict[str, bytes]
    unwritten: bytes


class _Record(msgspec.Struct, array_like=True):
    epoch: int
    place: Place
    changes: dict[str, bytes | None]
    unwritten: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Record).decode


class StateLog:
    """The log in `folder`: first `load` or `reset`, then `append`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._lengths: dict[int, int] = {}
        self._newest: dict[str, tuple[int, int]] = {}
        """Segment and size of each user's newest state."""
        self._live = 0
        self._retired: list[tuple[int, int]] = []
        """Segments out of use, and the append at which they are deleted."""
        self._appends = 0
        self._file: BufferedWriter | None = None

    def load(self) -> Content | None:
        """What the last whole record stands for; None when there is none. Raises StateLogCorrupt.

        A last record that is cut off or damaged is dropped: the process was killed while it wrote it.
        """
        content: Content | None = None
        states: dict[str, bytes] = {}
        segments = sorted(int(path.stem) for path in self._folder.glob("*.log"))
        for segment in segments:
            path = self._path(segment)
            if segment != segments[0] + len(self._lengths):
                raise StateLogCorrupt(f"{self._path(segment - 1)} is missing")
            data = memoryview(path.read_bytes())
            at = 0
            while at < len(data):
                found = _read(path, data, at, last=segment == segments[-1])
                if found is None:
                    break
                record, at = found
                self._index(segment, record.changes)
                for user, state in record.changes.items():
                    if state is None:
                        states.pop(user, None)
                    else:
                        states[user] = state
                content = Content(record.epoch, record.place, states, record.unwritten)
            self._lengths[segment] = at
        if content is not None:
            self._open(segments[-1], self._lengths[segments[-1]])
        return content

    def reset(self) -> None:
        """Discard everything."""
        for path in self._folder.glob("*.log"):
            path.unlink()
        self._newest.clear()
        self._retired.clear()
        self._live = 0
        self._lengths = {0: 0}
        self._open(0, 0)

    def append(
        self,
        epoch: int,
        place: Place,
        changes: Mapping[str, bytes | None],
        unwritten: bytes,
        state: Callable[[str], bytes],
    ) -> None:
        """Append what a moment changed. `state` gives the state of a user who did not change."""
        self._appends += 1
        while self._retired and self._retired[0][1] <= self._appends:
            self._path(self._retired.pop(0)[0]).unlink(missing_ok=True)
        kept = self._compact(changes, state) if sum(self._lengths.values()) > _GROWTH * max(self._live, SEGMENT) else {}
        last = max(self._lengths)
        if self._lengths[last] >= SEGMENT:
            last += 1
            self._open(last, 0)
        changes = {**kept, **changes}
        record = _framed(_encode(_Record(epoch, place, changes, unwritten)))
        assert self._file is not None, "append before load or reset"
        self._file.write(record)
        self._file.flush()
        self._lengths[last] += len(record)
        self._index(last, changes)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _compact(self, changes: Mapping[str, bytes | None], state: Callable[[str], bytes]) -> dict[str, bytes]:
        """The states that only the oldest segment has; it is out of use once they are appended."""
        oldest = min(self._lengths)
        if oldest == max(self._lengths):
            return {}
        del self._lengths[oldest]
        self._retired.append((oldest, self._appends + RETAINED_APPENDS))
        return {
            user: state(user)
            for user, (segment, _) in self._newest.items()
            if segment == oldest and user not in changes
        }

    def _open(self, segment: int, length: int) -> None:
        self.close()
        self._file = self._path(segment).open("ab")
        self._file.truncate(length)
        self._lengths[segment] = length

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

    def _path(self, segment: int) -> Path:
        return self._folder / f"{segment:012d}.log"


def _framed(payload: bytes) -> bytes:
    lengths = _LENGTHS.pack(len(payload), crc32(payload))
    return lengths + crc32(lengths).to_bytes(4, "little") + payload


def _read(path: Path, data: memoryview, at: int, last: bool) -> tuple[_Record, int] | None:
    """The record at a position, and that of the next; None for one at the end of the last segment that is cut off, or
    whose payload is damaged."""
    start = end = at + _HEAD.size
    if start <= len(data):
        length, checksum, own = _HEAD.unpack_from(data, at)
        if crc32(data[at : at + _LENGTHS.size]) != own:
            raise StateLogCorrupt(f"{path} is damaged at byte {at}")
        end += length
        payload = data[start:end]
        if end <= len(data) and crc32(payload) == checksum:
            try:
                return _decode(payload), end
            except msgspec.MsgspecError as error:
                raise StateLogCorrupt(f"{path} has a record of another version at byte {at}: {error}") from error
    if last and end >= len(data):
        return None
    raise StateLogCorrupt(f"{path} is {'cut off' if end > len(data) else 'damaged'} at byte {at}")
