"""What the snapshots of a stream's state say about it. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from operators.adapters.dataflow.snapshots import SnapshotSample
from operators.kubernetes.conditions import Finding, broken, good, rfc3339, waiting

STATE_SNAPSHOTTED = "StateSnapshotted"
LATE = timedelta(minutes=5)
"""Age from which a partition's newest snapshot is too old: the RPO of the platform."""
_ORIGINS = {"local": "the local disk", "snapshot": "S3", "topic": "the records of the topic"}


def snapshot_finding(where: str, sample: SnapshotSample | None, partitions: int, now: datetime) -> Finding:
    """`where` is the URL below which the snapshots lie; `sample` is None while no worker tells. The Pods have as long
    for the first snapshot of each partition as for any other."""
    if sample is None:
        return waiting(STATE_SNAPSHOTTED, "Unknown", f"nobody has said yet how old the snapshots in {where} are")
    taken = {number: at for number in range(partitions) if (at := sample.taken.get(str(number)))}
    late = sorted((at, number) for number, at in taken.items() if now - max(at, sample.since) > LATE)
    if late:
        at, partition = late[0]
        message = (
            f"{len(late)} of {partitions} partitions have had no snapshot in {where} for five minutes, partition"
            f" {partition} since {rfc3339(at)}; the stream goes on, and whoever takes the partition over computes from"
            " there. Look for snapshot_not_written in the log of the dataflow: it names what S3 answers"
        )
        return broken(STATE_SNAPSHOTTED, "SnapshotLate", message)
    counts = {origin: sample.origins.get(key, 0) for key, origin in _ORIGINS.items()}
    origins = ", ".join(f"of {count} from {origin}" for origin, count in counts.items() if count) or "from nowhere"
    due = sum(now - at > LATE for at in taken.values())
    if missing := partitions - len(taken):
        message = f"{missing} of {partitions} partitions are on their way to a worker; the snapshots in {where} stay"
        return good(STATE_SNAPSHOTTED, "Moving", f"{message} as they are until then")
    if due:
        message = (
            f"{due} of {partitions} partitions have no snapshot of the last five minutes in {where} yet: their first"
            f" since the start of the Pods is due by {rfc3339(sample.since + LATE)}; the states came"
        )
        return good(STATE_SNAPSHOTTED, "Due", f"{message} {origins}")
    message = f"every partition has a snapshot of the last five minutes in {where}; the states came"
    return good(STATE_SNAPSHOTTED, "Snapshotted", f"{message} {origins}")
