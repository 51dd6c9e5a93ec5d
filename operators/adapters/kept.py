"""How long rows are kept, as the table itself records it. Pure.

A comment on the table names the stream whose retention is in force. It outlives the stream: a stream that is deleted
and retains its data does not leave its rows to a shorter retention of another.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from contracts.durations import milliseconds
from contracts.platform import TABLE_HRV

_COMMENT = re.compile(r"aura-operators: rows are kept (\d+[a-z]+) for BioStream ([^/ ]+/[^/ ]+)")


@dataclass(frozen=True)
class Kept:
    """`retention` is a duration, `stream` namespace and name of the BioStream that declares it."""

    retention: str
    stream: str


def comment_of(kept: Kept) -> str:
    """The statement that records it. Neither a duration nor a name of Kubernetes needs escapes."""
    return (
        f"comment on table {TABLE_HRV} is 'aura-operators: rows are kept {kept.retention} for BioStream {kept.stream}'"
    )


def kept_of(comment: str) -> Kept | None:
    """What a comment records; None if it is no such comment."""
    found = _COMMENT.fullmatch(comment)
    return Kept(found[1], found[2]) if found else None


def longest(declared: Kept, recorded: Kept | None, filling: Collection[str]) -> Kept:
    """`declared`, unless a stream that is no longer among those `filling` the table declared a longer one."""
    if recorded is None or recorded.stream in filling:
        return declared
    return max(declared, recorded, key=lambda one: milliseconds(one.retention))


def release() -> str:
    """The statement that forgets the record, for who wants the rows of a stream that is gone to end earlier."""
    return f"comment on table {TABLE_HRV} is null"
