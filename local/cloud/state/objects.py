"""S3 objects in the state: contents in a file of its own each, written once, and the rest pickled once.

Objects are written in blocks (versions.py): one that has not changed since it was last written costs a comparison.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moto.s3.models import FakeKey

from local.cloud.moto_backends.registry import Key
from local.cloud.moto_backends.s3 import changed

_NAME, _WRITTEN = "_contents_file", "_written"
_NOT_STATE = {"_value_buffer", "lock", _NAME, _WRITTEN}
_METADATA = "_metadata"
"""The only attribute that is changed in place."""


@dataclass(frozen=True)
class Written:
    """An object's state, or several objects, as pickled `data`, with what a pickler says of it."""

    data: bytes
    files: frozenset[str]
    backends: frozenset[Key]


@dataclass(eq=False)
class _Before:
    """What was `written` of an object when it had these attributes and this metadata."""

    written: Written
    metadata: dict[str, str]
    attributes: dict[str, Any] = field(default_factory=dict)

    def __deepcopy__(self, _: dict[int, Any]) -> _Before:
        """moto copies objects to list them, and the lock of one cannot be copied."""
        return self


class ObjectContents:
    """The files in `folder`. moto never changes the contents of an object, it creates another object."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._on_disk = {file.name for file in folder.iterdir()}
        self._used: set[str] = set()
        self._whole: dict[str, object] = {}
        """Files that were found complete, with the state that was read with each; nobody writes a file twice."""

    def take_used(self) -> frozenset[str]:
        """Names of the files that were written or referred to since the last call."""
        used = frozenset(self._used)
        self._used = set()
        return used

    def refer(self, names: Iterable[str]) -> None:
        self._used.update(names)

    def keep(self, names: Iterable[str]) -> None:
        """Deletes all other files."""
        kept = set(names)
        for name in self._on_disk - kept:
            (self.folder / name).unlink(missing_ok=True)
        self._on_disk &= kept
        self._whole = {name: data for name, data in self._whole.items() if name in kept}

    def reduce(self, key: FakeKey, write: Callable[[dict[str, Any]], Written]) -> tuple[Written, tuple[Any, ...]]:
        """What pickle needs of an object, which `write` pickles if it has changed. Raises OSError.

        Its contents are written unless they are on disk.
        """
        attributes = vars(key)
        metadata = getattr(attributes[_METADATA], "store", attributes[_METADATA])
        before: _Before | None = attributes.get(_WRITTEN)
        if before is None or before.attributes != _kept(attributes) or before.metadata != metadata:
            if _NAME not in attributes:
                if key.disposed:  # a deleted version that the delete marker above it still refers to
                    key.contentsize = 0
                attributes[_NAME] = self.write(b"" if key.disposed else key.value)
            state = {name: value for name, value in attributes.items() if name not in _NOT_STATE}
            before = attributes[_WRITTEN] = _Before(write(state), dict(metadata))
            before.attributes.update(_kept(attributes))
        written, name = before.written, attributes[_NAME]
        self._used.add(name)
        self._used.update(written.files)
        return written, (_restored, ("", name, written.data))

    def restored(self, name: str, state: dict[str, Any]) -> FakeKey:
        """The object as it was written. Raises OSError when its file cannot be read."""
        self._used.add(name)
        key: FakeKey = object.__new__(FakeKey)
        key.__setstate__({**state, "value": (self.folder / name).read_bytes()})
        setattr(key, _NAME, name)
        changed.written([key])
        return key

    def verified(self, name: str, data: object, read: Callable[[], dict[str, Any]]) -> FakeKey:
        """In place of `restored`, an object without contents. `data` is what `read` reads.

        Raises OSError when its file has not all of them.
        """
        if self._whole.get(name) != data:
            if (self.folder / name).stat().st_size != read()["contentsize"]:
                raise OSError(f"{self.folder / name} is incomplete")
            self._whole[name] = data
        key: FakeKey = object.__new__(FakeKey)
        key.disposed = True  # moto would dispose of its contents
        return key

    def write(self, data: bytes) -> str:
        """The name of a new file with this on disk. Raises OSError."""
        name = secrets.token_hex(16)
        self._on_disk.add(name)
        with (self.folder / name).open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return name

    def read(self, name: str) -> bytes:
        """Raises OSError."""
        self._used.add(name)
        return (self.folder / name).read_bytes()

    def has(self, name: str) -> bool:
        return name in self._on_disk

    def verify(self, name: str, read: Callable[[bytes], object]) -> None:
        """Raises OSError, or what `read` raises of the file's content, unless it was found good before."""
        if name not in self._whole:
            read((self.folder / name).read_bytes())
            self._whole[name] = None


def _kept(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if name not in changed.NOT_KEPT}


def _restored(folder: str, name: str, state: bytes) -> FakeKey:
    """The name by which states on disk refer to an object; an unpickler replaces it."""
    raise NotImplementedError
