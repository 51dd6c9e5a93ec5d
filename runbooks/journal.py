"""The journal of one execution: JSON Lines, on disk before anything happens, copied to regions as far as they answer.

The first line has the plan's hash. A line that a crash cut off was never acted on; opening the journal removes it.
"""

from __future__ import annotations

import fcntl
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

import msgspec

from runbooks.model import Entry

Copy = Callable[[str, bytes], None]
"""Puts a line under a key somewhere else; raises whatever says that it could not."""


def prefix(execution: str) -> str:
    """Of the keys of an execution's lines, which end in their numbers."""
    return f"runbooks/{execution}/"


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Entry).decode


class JournalInUse(RuntimeError):
    """Another process of this machine carries out this execution."""


class JournalUnreadable(ValueError):
    """A line before the last is not one of ours; the text says which."""


class JournalsDiffer(ValueError):
    """Two machines have written on from the same line; the text says from which."""


def merged(copies: Iterable[Mapping[int, bytes]]) -> list[bytes]:
    """The lines of all copies together, by their numbers from 1, up to the first that none has.

    Raises JournalsDiffer."""
    found: dict[int, bytes] = {}
    for copy in copies:
        for number, line in copy.items():
            if found.setdefault(number, line) != line:
                raise JournalsDiffer(_differing(number))
    return list(itertools.takewhile(bool, (found.get(number, b"") for number in itertools.count(1))))


def _differing(number: int) -> str:
    return (
        f"line {number} of the journal is another one in another copy: two machines went on from line {number - 1}."
        " Nothing was done. Read both, and begin a new execution; `aura evaluate` says how things are"
    )


class Journal:
    """Open one with `opened`."""

    def __init__(self, file: int, entries: list[Entry], execution: str, copies: Sequence[_Copier]) -> None:
        self._file, self._entries, self._copies = file, entries, copies
        self.execution = execution

    @property
    def entries(self) -> list[Entry]:
        return self._entries

    def append(self, entry: Entry) -> None:
        """Returns once the line is on disk; the copies follow by themselves."""
        line = _encode(entry) + b"\n"
        os.write(self._file, line)
        os.fsync(self._file)
        self._entries.append(entry)
        for copy in self._copies:
            copy.put(f"{prefix(self.execution)}{len(self._entries):06d}.json", line)

    def catch_up(self, lines: Sequence[bytes]) -> None:
        """Adds what a copy has more. Raises JournalsDiffer and JournalUnreadable, and is as it was then."""
        ours = [_encode(entry) + b"\n" for entry in self._entries]
        for number, (our, their) in enumerate(zip(ours, lines, strict=False), 1):
            if our != their:
                raise JournalsDiffer(_differing(number))
        more = b"".join(lines[len(ours) :])
        entries = read(more)
        os.write(self._file, more)
        os.fsync(self._file)
        self._entries += entries

    def uncopied(self) -> int:
        """The most lines that one of the copies lacks."""
        return max((copy.behind for copy in self._copies), default=0)


@contextmanager
def opened(path: Path, copies: Sequence[Copy] = (), seconds_at_end: float = 10.0) -> Iterator[Journal]:
    """The journal in this file, which is created unless it exists; its name without suffix is the execution's.

    At the end the copies get `seconds_at_end` to follow. Raises JournalInUse and JournalUnreadable.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    copiers = [_Copier(copy) for copy in copies]
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise JournalInUse(f"another process here carries out {path.stem}: it has {path} open") from None
        text = path.read_bytes()
        whole = text[: text.rfind(b"\n") + 1]
        os.ftruncate(file, len(whole))
        _sync_folder(path.parent)
        yield Journal(file, read(whole), path.stem, copiers)
    finally:
        for copier in copiers:
            copier.end(seconds_at_end)
        os.close(file)


def read(text: bytes) -> list[Entry]:
    """The entries of whole lines. Raises JournalUnreadable."""
    found: list[Entry] = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            found.append(_decode(line))
        except msgspec.MsgspecError as error:
            raise JournalUnreadable(f"line {number} of the journal: {error}") from error
    return found


def _sync_folder(folder: Path) -> None:
    """So that the file itself is there after a power loss."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _Copier:
    """Copies in a thread of its own, in order: a region that does not answer delays nothing."""

    def __init__(self, copy: Copy) -> None:
        self._copy = copy
        self._lines: Queue[tuple[str, bytes] | None] = Queue()
        self.behind = 0
        self._thread = Thread(target=self._run, name="journal copy", daemon=True)
        self._thread.start()

    def put(self, key: str, line: bytes) -> None:
        self.behind += 1
        self._lines.put((key, line))

    def end(self, seconds: float) -> None:
        self._lines.put(None)
        self._thread.join(seconds)

    def _run(self) -> None:
        waiting: list[tuple[str, bytes]] = []
        while (line := self._lines.get()) is not None:
            waiting.append(line)
            waiting += self._more()
            while waiting and self._copied(*waiting[0]):
                waiting.pop(0)
                self.behind -= 1
        for key, line in waiting:
            self.behind -= self._copied(key, line)

    def _more(self) -> list[tuple[str, bytes]]:
        found: list[tuple[str, bytes]] = []
        while True:
            try:
                line = self._lines.get_nowait()
            except Empty:
                return found
            if line is None:
                self._lines.put(None)
                return found
            found.append(line)

    def _copied(self, key: str, line: bytes) -> bool:
        try:
            self._copy(key, line)
        except Exception:  # whatever it is: the journal on disk is what counts, and `behind` says that it is alone
            return False
        return True
