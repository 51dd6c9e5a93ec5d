"""The loss of a site on disk: a change is there for every process, and after every crash, once it has returned."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from local.loss.model import Loss
from local.site import Site


class Unreadable(RuntimeError):
    """The file is damaged; the message says how to go on."""


class LossFile:
    """`<home>/loss.json`. Without it nothing is lost."""

    def __init__(self, site: Site) -> None:
        self.path = site.home / "loss.json"
        self._known: tuple[tuple[int, int], Loss] | None = None
        self._lock = threading.Lock()

    def current(self) -> Loss:
        """Reads the file only when it is another one than the last time. Raises Unreadable."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return Loss()
        version = found.st_mtime_ns, found.st_ino
        with self._lock:
            if self._known is None or self._known[0] != version:
                self._known = version, self._read()
            return self._known[1]

    def change(self, step: Callable[[Loss], Loss]) -> Loss:
        """Makes `step` of what is there and keeps it, one process after the other. Raises Unreadable, and what `step`
        raises; then nothing has changed."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            after = step(self._read())
            self._write(msgspec.json.encode(after))
        return after

    def _read(self) -> Loss:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=Loss)
        except FileNotFoundError:
            return Loss()
        except msgspec.DecodeError as error:
            message = f"{self.path} cannot be read: {error}. Remove it, and every region counts as restored."
            raise Unreadable(message) from error

    def _write(self, data: bytes) -> None:
        new = self.path.with_suffix(".new")
        with new.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def processes(site: Site, region: str) -> Path:
    """The folder with the records of every process of a region."""
    return site.home / "engines" / region
