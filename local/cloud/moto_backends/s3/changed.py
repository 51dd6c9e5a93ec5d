"""Which S3 objects and delete markers have had an attribute set since they were written last; no other needs a look."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from weakref import WeakSet

from moto.s3.models import FakeDeleteMarker, FakeKey

Version = FakeKey | FakeDeleteMarker
NOT_KEPT = {"_tick", "_time_progressed", "disposed"}
"""Attributes that moto sets when an object is only read or let go."""

_changed: WeakSet[Version] = WeakSet()
_set_metadata = FakeKey.set_metadata


def install() -> None:
    """Replaces methods of moto's objects. Metadata is the only attribute that moto changes in place."""
    FakeKey.__setattr__ = _set
    FakeDeleteMarker.__setattr__ = _set
    FakeKey.set_metadata = _set_metadata_noted


def changed() -> Collection[Version]:
    """Those that were set, and not `written` since: new ones too."""
    references = _changed.data.copy()  # pyright: ignore[reportAttributeAccessIssue]  at once, as readers add meanwhile
    return [version for reference in references if (version := reference()) is not None]


def written(versions: Collection[Version]) -> None:
    _changed.difference_update(versions)


def _set(self: Version, name: str, value: Any) -> None:
    before = vars(self).get(name, _set)
    object.__setattr__(self, name, value)
    if name not in NOT_KEPT and not (before is value or (isinstance(value, str) and before == value)):
        _changed.add(self)


def _set_metadata_noted(self: FakeKey, metadata: Any, replace: bool = False) -> None:
    _changed.add(self)
    _set_metadata(self, metadata, replace)
