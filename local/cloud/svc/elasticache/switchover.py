"""How another region's replica becomes the primary of a global datastore: one step after the other."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from local.cloud.svc.elasticache.failover import is_whole

Info = Mapping[str, Any]
"""INFO replication of a server."""


class Step(Enum):
    START = "the chosen server does not answer: start it"
    HAND_OVER = "the former primary waits until the chosen one has every write, and follows it"
    DEMOTE = "the former primary cannot reach the chosen one: it takes no writes any more"
    PROMOTE = "nobody takes writes: the chosen one does from now on"
    DONE = "the chosen one is the primary"
    IMPOSSIBLE = "nobody else has the data: the chosen one has no whole copy of it"


def next_step(former: Info | None, chosen: Info | None) -> Step:
    """`former` and `chosen` are None when they do not answer. No order of steps has two servers that take writes.

    It depends on the servers only, so whoever was interrupted after any step goes on from there.
    """
    if chosen is None:
        return Step.START
    if chosen["role"] == "master":
        return Step.DONE if former is None or former["role"] != "master" else Step.DEMOTE
    if former is not None and former["role"] == "master":
        return Step.HAND_OVER if chosen.get("master_link_status") == "up" else _taking_over(chosen, Step.DEMOTE)
    return _taking_over(chosen, Step.PROMOTE)


def _taking_over(chosen: Info, step: Step) -> Step:
    return step if is_whole(chosen) else Step.IMPOSSIBLE
