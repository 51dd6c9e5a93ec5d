"""The objects of a bucket in the state: their versions in blocks, each pickled into a file of its own.

A platform that runs for a day has a hundred thousand versions in its buckets. A request changes few blocks; each of the
others costs a comparison, and is not written again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from zlib import crc32

from moto.s3.utils import _VersionedKeyStore

from local.cloud.moto_backends.registry import Key
from local.cloud.moto_backends.s3 import changed
from local.cloud.moto_backends.s3.changed import Version

RUN = 64
"""Versions of one name in a row. Most are never changed again, so a name with thousands costs its last run."""
BLOCK = 64
"""Runs of a block: from half as many to twice as many, in the mean."""

Run = tuple[str, int, list[Any]]
"""A name, the number of its run, the versions."""
_LAYOUT = "_layout"


@dataclass(frozen=True)
class Block:
    file: str
    files: frozenset[str]
    """It, and the contents of its objects."""
    backends: frozenset[Key]


@dataclass(eq=False)
class Layout:
    """Of one bucket, as it was written last."""

    blocks: list[Block | None] = field(default_factory=lambda: [None])
    members: list[set[tuple[str, int]]] = field(default_factory=lambda: [set()])
    """Name and number of the runs in each block."""
    versions: dict[str, list[Any]] = field(default_factory=dict)

    def __deepcopy__(self, _: dict[int, Any]) -> Layout:
        """moto copies what it lists: a copy is written for itself."""
        return Layout()

    def block_of(self, name: str, number: int) -> int:
        return crc32(f"{number}/{name}".encode(errors="surrogatepass")) % len(self.blocks)


def blocks(
    store: _VersionedKeyStore, write: Callable[[list[Run]], Block], is_there: Callable[[Block], bool]
) -> list[Block]:
    """The blocks of a bucket, of which those that have changed are written. Raises what `write` raises.

    A block that was written before is used again only if it `is_there`.
    """
    layout: Layout = vars(store).get(_LAYOUT) or Layout()
    vars(store)[_LAYOUT] = Layout()  # until all is written
    if not all(map(is_there, filter(None, layout.blocks))):
        layout = Layout()
    set_ = [version for version in changed.changed() if _has(store, version)]
    touched = _update(layout, store, {version.name for version in set_}, {id(version) for version in set_})
    runs = sum(map(len, layout.members))
    if runs > 2 * BLOCK * len(layout.blocks):
        count = 1 << (runs // BLOCK).bit_length()
        layout = Layout([None] * count, [set() for _ in range(count)])
        touched = _update(layout, store, set(), set())
    for number in sorted(touched):
        content = [(name, run, _run(layout.versions[name], run)) for name, run in sorted(layout.members[number])]
        layout.blocks[number] = write(content) if content else None
    vars(store)[_LAYOUT] = layout
    changed.written(set_)
    return [block for block in layout.blocks if block is not None]


def restored(contents: Iterable[list[Run]]) -> _VersionedKeyStore:
    """The bucket's objects by name, from the contents of its blocks: S3 has no other order."""
    store = _VersionedKeyStore()
    runs = sorted((run for content in contents for run in content), key=lambda run: run[:2])
    for name, parts in groupby(runs, key=lambda run: run[0]):
        dict.__setitem__(store, name, [version for part in parts for version in part[2]])
    return store


def _update(layout: Layout, store: _VersionedKeyStore, names: set[str], ids: set[int]) -> set[int]:
    """Makes the layout that of the store; returns the numbers of the blocks that are to be written. `ids` are those of
    objects that were changed in place, and `names` theirs."""
    touched: set[int] = set()
    before = layout.versions
    differing = [name for name, versions in dict.items(store) if before.get(name) != versions or name in names]
    if len(before) != dict.__len__(store) or any(name not in before for name in differing):
        differing += [name for name in before if not dict.__contains__(store, name)]
    for name in differing:
        old, new = before.get(name, []), [*(dict.get(store, name) or ())]
        for number in _numbers(max(len(old), len(new))):
            is_now = _run(new, number)
            if _run(old, number) == is_now and not any(id(version) in ids for version in is_now):
                continue
            block = layout.block_of(name, number)
            touched.add(block)
            if is_now:
                layout.members[block].add((name, number))
            else:
                layout.members[block].discard((name, number))
        if new:
            before[name] = new
        else:
            before.pop(name, None)
    return touched


def _has(store: _VersionedKeyStore, version: Version) -> bool:
    name: str | None = vars(version).get("name")  # without one while it is made
    return name is not None and any(one is version for one in dict.get(store, name) or ())


def _numbers(length: int) -> Iterator[int]:
    yield from range(-(-length // RUN))


def _run(versions: list[Any], number: int) -> list[Any]:
    return versions[number * RUN : (number + 1) * RUN]


def _restored_blocks(files: list[str]) -> _VersionedKeyStore:
    """The name by which states on disk refer to a bucket's objects; an unpickler replaces it."""
    raise NotImplementedError
