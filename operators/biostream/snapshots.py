"""What the snapshots of a stream's state say about it. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from operators.adapters.dataflow.snapshots import SnapshotSample
from operators.kubernetes.conditions import Finding, broken, good, rfc3339, waiting

STATE_SNAPSHOTTED = "StateSnapshotted"
LATE = timedelta(minutes=5)
"""Age from which a partition's newest snapshot is too old: the RPO of the platform."""
_ORIGINS = {"local": "the volume", "snapshot": "S3", "topic": "the records of the topic"}


def snapshot_finding(where: str, sample: SnapshotSample | None, partitions: int, now: datetime) -> Finding:
    """`where` is the URL below which the snapshots lie; `sample` is None while no worker tells."""
    if sample is None or len(sample.taken) < partitions:
        known = len(sample.taken) if sample else 0
        message = f"{known} of {partitions} partitions have said how old their snapshots in {where} are"
        return waiting(STATE_SNAPSHOTTED, "Unknown", message)
    late = sorted((taken, int(number)) for number, taken in sample.taken.items() if now - taken > LATE)
    if late:
        taken, partition = late[0]
        message = (
            f"{len(late)} of {partitions} partitions have had no snapshot in {where} for five minutes, partition"
            f" {partition} since {rfc3339(taken)}; the stream goes on, and its volume has everything. Look for"
            " snapshot_not_written in the log of the dataflow: it names what S3 answers"
        )
        return broken(STATE_SNAPSHOTTED, "SnapshotLate", message)
    origins = ", ".join(
        f"of {count} from {origin}" for key, origin in _ORIGINS.items() if (count := sample.origins.get(key, 0))
    )
    message = f"every partition has a snapshot of the last five minutes in {where}; at the start the states came"
    return good(STATE_SNAPSHOTTED, "Snapshotted", f"{message} {origins}" if origins else message)
