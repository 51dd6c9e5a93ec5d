"""Who processes run as."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class User:
    """User, primary group and further groups."""

    uid: int
    gid: int
    groups: tuple[int, ...] = ()
