"""Contents of S3 objects, each in its own file: written once, however often the state is saved."""

from __future__ import annotations

import copyreg
import os
import secrets
from pathlib import Path
from typing import Any

from moto.s3.models import FakeKey

_NAME = "_contents_file"
_NOT_STATE = {"_value_buffer", "lock", _NAME}


class ObjectContents:
    """The files in `folder`. moto never changes the contents of an object, it creates another object."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._on_disk = {file.name for file in folder.iterdir()}
        self._used: set[str] = set()
        copyreg.pickle(FakeKey, self._reduce)

    def begin(self) -> None:
        """Call before a state is pickled."""
        self._used = set()

    def end(self) -> None:
        """Call once the state is on disk: deletes files that only older states used."""
        for name in self._on_disk - self._used:
            (self.folder / name).unlink(missing_ok=True)
        self._on_disk = set(self._used)

    def _reduce(self, key: FakeKey) -> tuple[Any, ...]:
        name = getattr(key, _NAME, None) or self._write(key)
        setattr(key, _NAME, name)
        self._used.add(name)
        state = {attribute: value for attribute, value in vars(key).items() if attribute not in _NOT_STATE}
        return _restored, (str(self.folder), name, state)

    def _write(self, key: FakeKey) -> str:
        name = secrets.token_hex(16)
        try:
            contents = key.value
        except ValueError:  # the object was deleted, its buffer is closed
            contents = b""
        with (self.folder / name).open("wb") as file:
            file.write(contents)
            file.flush()
            os.fsync(file.fileno())
        self._on_disk.add(name)
        return name


def _restored(folder: str, name: str, state: dict[str, Any]) -> FakeKey:
    """For pickle, and for the deep copies that moto makes when it lists versions."""
    key: FakeKey = object.__new__(FakeKey)  # moto's own __new__ counts instances
    key.__setstate__({**state, "value": (Path(folder) / name).read_bytes()})
    setattr(key, _NAME, name)
    return key
