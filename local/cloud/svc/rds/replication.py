"""The life of a read replica as decisions: which step is next, what its status is, how far it is behind.

Pure functions of what is recorded and what is found, so an interruption at any moment is followed by the step that
was due, or by the same one again: each step can be repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

NOT_ACTIVE = -1.0
"""ReplicaLag while a replica does not replicate."""


class Step(Enum):
    SEED = "copy the data of the source, which keeps the WAL after that in a slot"
    START = "start the server, as a standby unless a promotion was asked for"
    FENCE = "stop a server that takes writes and whose promotion nobody asked for"
    PROMOTE = "end the recovery of the server, which then takes writes"
    DETACH = "record that the instance follows nobody any more"
    GIVE_UP = "record that there is nothing to copy"
    DONE = "the server is as the record says"


@dataclass(frozen=True)
class Found:
    promoting: bool
    """Recorded: whether a promotion was asked for."""
    source: bool
    """Whether there are data to copy."""
    seeded: bool
    """Whether the replica has data, whole ones."""
    running: bool
    """Whether its server answers."""
    recovering: bool
    """Whether its server, when it runs, is a standby and refuses writes."""


def next_step(found: Found) -> Step:
    if not found.seeded:
        return Step.SEED if found.source else Step.GIVE_UP
    if not found.running:
        return Step.START
    if found.recovering:
        return Step.PROMOTE if found.promoting else Step.DONE
    return Step.DETACH if found.promoting else Step.FENCE


def promoted_by_deletion(replica_region: str, source_region: str, status: str) -> bool:
    """Whether a replica goes on as an instance of its own when its source is deleted.

    Those of other regions wait for a promotion, with replication terminated.
    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReadRepl.html
    """
    return replica_region == source_region and status != "deleting"


@dataclass(frozen=True)
class Health:
    """As in StatusInfos of DescribeDBInstances."""

    status: str
    """replicating, error or terminated."""
    message: str = ""

    @property
    def normal(self) -> bool:
        return self.status == "replicating"


def health(source: str, exists: bool, streaming: bool, slot: str | None) -> Health:
    """`source` is its name, `slot` the `wal_status` of its slot for the replica; None if there is none or no answer."""
    if not exists:
        message = f"The source DB instance {source} was deleted. The data are intact: promote the replica or delete it."
        return Health("terminated", message)
    if slot == "lost":
        message = (
            f"The source DB instance {source} no longer has the WAL that the replica needs, as it exceeded"
            " max_slot_wal_keep_size. The data up to then are intact; delete the replica and create it again."
        )
        return Health("error", message)
    if not streaming:
        message = f"The source DB instance {source} does not answer. The replica follows it again once it does."
        return Health("error", message)
    return Health("replicating")


def lag(streaming: bool, level: bool, age: float, since_level: float | None) -> float:
    """ReplicaLag, in seconds. `age` is that of the newest transaction replayed.

    `since_level` are the seconds since the replica was last known to have everything: it cannot be further behind,
    however long ago the source's last transaction was.
    """
    if not streaming:
        return NOT_ACTIVE
    if level:
        return 0.0
    return age if since_level is None else min(age, since_level)
