"""Which replica becomes the primary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def successor(replicas: Mapping[str, Mapping[str, Any] | None]) -> str | None:
    """The replica with the most of the primary's data, the first of several; None when none has all of a data set.

    `replicas`: INFO replication by member; None for one that does not answer. One that has never been in step with its
    primary, or is in the middle of a full synchronisation, is no candidate: it would come up empty.
    """
    candidates = {name: info for name, info in replicas.items() if info is not None and _whole(info)}
    return max(candidates, key=lambda name: candidates[name]["slave_repl_offset"], default=None)


def _whole(info: Mapping[str, Any]) -> bool:
    if info.get("role") != "slave" or info.get("master_sync_in_progress"):
        return False
    never = info.get("master_link_status") != "up" and info.get("master_link_down_since_seconds") == -1
    return not never and info.get("slave_repl_offset", 0) > 0
