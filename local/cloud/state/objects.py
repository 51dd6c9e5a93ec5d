"""Contents of S3 objects, each in its own file: written once, however often the state is saved."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
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
        self._whole: set[str] = set()
        """Files that were found complete; nobody writes a file twice."""

    def take_used(self) -> frozenset[str]:
        """Names of the files that were written or referred to since the last call."""
        used = frozenset(self._used)
        self._used = set()
        return used

    def keep(self, names: Iterable[str]) -> None:
        """Deletes all other files."""
        kept = set(names)
        for name in self._on_disk - kept:
            (self.folder / name).unlink(missing_ok=True)
        self._on_disk &= kept
        self._whole &= kept

    def reduce(self, key: FakeKey) -> tuple[Any, ...]:
        """Writes the contents unless they are on disk. Raises OSError."""
        name = getattr(key, _NAME, None) or self._write(key)
        setattr(key, _NAME, name)
        self._used.add(name)
        state = {attribute: value for attribute, value in vars(key).items() if attribute not in _NOT_STATE}
        return _restored, ("", name, state)

    def restored(self, _: str, name: str, state: dict[str, Any]) -> FakeKey:
        """The object as it was written. Raises OSError when its file cannot be read."""
        self._used.add(name)
        key: FakeKey = object.__new__(FakeKey)
        key.__setstate__({**state, "value": (self.folder / name).read_bytes()})
        setattr(key, _NAME, name)
        return key

    def verified(self, _: str, name: str, state: dict[str, Any]) -> FakeKey:
        """In place of `restored`, an object without contents. Raises OSError when its file has not all of them."""
        if name not in self._whole:
            if (self.folder / name).stat().st_size != state["contentsize"]:
                raise OSError(f"{self.folder / name} is incomplete")
            self._whole.add(name)
        key: FakeKey = object.__new__(FakeKey)
        key.disposed = True  # moto would dispose of its contents
        return key

    def _write(self, key: FakeKey) -> str:
        name = secrets.token_hex(16)
        self._on_disk.add(name)
        with (self.folder / name).open("wb") as file:
            file.write(key.value)
            file.flush()
            os.fsync(file.fileno())
        return name


def _restored(folder: str, name: str, state: dict[str, Any]) -> FakeKey:
    """The name by which states on disk refer to `ObjectContents.restored`; an unpickler replaces it."""
    raise NotImplementedError
