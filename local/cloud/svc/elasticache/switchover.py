"""How another region's replica becomes the primary of a global datastore: one step after the other."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

Info = Mapping[str, Any]
"""INFO replication of a server."""


class Step(Enum):
    START = "the chosen server does not answer: start it, as a replica of the former primary"
    START_ALONE = "the same, where nobody takes writes: it takes them as soon as it has started"
    WAIT = "the chosen one is receiving a whole copy of the data"
    HAND_OVER = "the former primary waits until the chosen one has every write, and follows it"
    DEMOTE = "the former primary cannot reach the chosen one: it takes no writes any more"
    PROMOTE = "nobody takes writes: the chosen one does from now on"
    DONE = "the chosen one is the primary"


def next_step(former: Info | None, chosen: Info | None) -> Step:
    """`former` and `chosen` are None when they do not answer; one that does not is kept from answering later.

    No order of steps has two servers that take writes. A step depends on the servers only, so whoever was interrupted
    after any of them goes on from there. The chosen one has been in step with the former primary once: what is on its
    disk is a whole copy, though it may be an older one.
    """
    takes_writes = former is not None and former["role"] == "master"
    if chosen is None:
        return Step.START if takes_writes else Step.START_ALONE
    if chosen["role"] == "master":
        return Step.DEMOTE if takes_writes else Step.DONE
    if not takes_writes:
        return Step.PROMOTE
    if chosen.get("master_link_status") == "up":
        return Step.HAND_OVER
    return Step.WAIT if chosen.get("master_sync_in_progress") else Step.DEMOTE
