"""Which S3 objects have had an attribute set since they were written last, so that the others need no look."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from weakref import WeakSet

from moto.s3.models import FakeKey

_changed: WeakSet[FakeKey] = WeakSet()
_set_metadata = FakeKey.set_metadata


def install() -> None:
    """Replaces methods of moto's objects. Metadata is the only attribute that moto changes in place."""
    FakeKey.__setattr__ = _set
    FakeKey.set_metadata = _set_metadata_noted


def changed() -> Collection[FakeKey]:
    """Those that were set, and not `written` since: new ones too."""
    return list(_changed)


def written(keys: Collection[FakeKey]) -> None:
    _changed.difference_update(keys)


def _set(self: FakeKey, name: str, value: Any) -> None:
    object.__setattr__(self, name, value)
    _changed.add(self)


def _set_metadata_noted(self: FakeKey, metadata: Any, replace: bool = False) -> None:
    _changed.add(self)
    _set_metadata(self, metadata, replace)
