"""The state's file, and the one before it, which is used when the newer one cannot be read."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

STATE, BEFORE, UNREADABLE = "state.pickle", "state.before.pickle", "state.unreadable.pickle"


class StateFiles:
    """In `folder`, mode 0600: they hold secrets and keys."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def candidates(self) -> list[Path]:
        """The files that exist, newest first."""
        return [file for name in (STATE, BEFORE) if (file := self.folder / name).exists()]

    def replace(self, data: bytes) -> None:
        """Returns once `data` is on disk. At every moment there is a whole file. Raises OSError."""
        new, link = self.folder / "state.new", self.folder / "state.link"
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            link.unlink(missing_ok=True)
            link.hardlink_to(self.folder / STATE)
            link.replace(self.folder / BEFORE)
        new.replace(self.folder / STATE)
        self._sync()

    def set_aside(self) -> Path:
        """Keeps the newest file, which cannot be read, under another name."""
        aside = self.folder / UNREADABLE
        (self.folder / STATE).replace(aside)
        return aside

    def _sync(self) -> None:
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
