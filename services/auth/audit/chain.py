"""The hash chain of the audit log. Pure.

Each entry's hash is over the one before it and its own content. Whoever changes, removes, inserts or reorders entries
breaks the chain there. Entries cut off at the end leave a chain that is whole: so the newest hash is also written to
the service's own log with every entry, out of the database's reach.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

GENESIS = bytes(32)
"""Stands before the first entry."""


@dataclass(frozen=True)
class Entry:
    """`at` is in microseconds since 1970, `number` from 1 on without gaps; `detail` has text only."""

    number: int
    at: int
    actor: str
    action: str
    subject: str
    detail: Mapping[str, str]


def entry_hash(previous: bytes, entry: Entry) -> bytes:
    """SHA-256 of the hash before and the entry as JSON with sorted names, so that no two entries have one text."""
    content = [entry.number, entry.at, entry.actor, entry.action, entry.subject, dict(entry.detail)]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(previous + text.encode()).digest()


@dataclass(frozen=True)
class Verification:
    """`broken_at` is the number of the first entry that does not follow the one before it, None if all do."""

    entries: int
    head: bytes
    broken_at: int | None = None


def verify(entries: Iterable[tuple[Entry, bytes]], number: int = 0, previous: bytes = GENESIS) -> Verification:
    """Of `entries` with their stored hashes, that come after entry `number` with the hash `previous`."""
    for entry, stored in entries:
        if entry.number != number + 1 or entry_hash(previous, entry) != stored:
            return Verification(number, previous, number + 1)
        number, previous = entry.number, stored
    return Verification(number, previous)
