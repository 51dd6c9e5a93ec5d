"""Resources by identifier or ARN."""

from __future__ import annotations

from dataclasses import dataclass

from local.cloud.context import ACCOUNT
from local.cloud.service.errors import AwsError
from local.cloud.svc.rds.model import Instance, RdsState, Snapshot
from local.cloud.svc.rds.replicated_backups import ReplicatedBackups


@dataclass(frozen=True)
class Arn:
    region: str
    account: str
    type: str
    """db, snapshot, pg, subgrp ..."""
    name: str


def parse(text: str) -> Arn | None:
    """None unless it is an ARN of RDS."""
    parts = text.split(":", 6)
    if len(parts) != 7 or parts[:3] != ["arn", "aws", "rds"]:
        return None
    return Arn(*parts[3:])


def local_name(state: RdsState, text: str, type: str) -> str | None:
    """The identifier in `text`, which is it or an ARN; None for an ARN of another account, region or type."""
    if not text.startswith("arn:"):
        return text.lower()
    arn = parse(text)
    return arn.name.lower() if arn and (arn.region, arn.account, arn.type) == (state.region, ACCOUNT, type) else None


def instance(state: RdsState, text: str, *statuses: str) -> Instance:
    """The instance; raises AwsError when there is none, or when it is in none of the `statuses` if any are given."""
    found = state.instances.get(local_name(state, text, "db") or "")
    if found is None:
        raise AwsError("DBInstanceNotFound", f"DBInstance {text} not found.")
    if statuses and found.status not in statuses:
        message = f"Instance {found.identifier} is in state {found.status}; it must be {' or '.join(statuses)}."
        raise AwsError("InvalidDBInstanceState", message)
    return found


def snapshot(state: RdsState, text: str, *statuses: str) -> Snapshot:
    """The snapshot; raises AwsError when there is none, or when it is in none of the `statuses` if any are given."""
    found = state.snapshots.get(local_name(state, text, "snapshot") or "")
    if found is None:
        raise AwsError("DBSnapshotNotFound", f"DBSnapshot {text} not found.")
    if statuses and found.status not in statuses:
        message = f"DBSnapshot {found.identifier} is in state {found.status}; it must be {' or '.join(statuses)}."
        raise AwsError("InvalidDBSnapshotState", message)
    return found


def replicated_backups(state: RdsState, arn: str) -> ReplicatedBackups:
    """Raises AwsError when there are none of this ARN in the region."""
    found = next((copies for copies in state.replicated_backups.values() if copies.arn == arn), None)
    if found is None:
        raise AwsError("DBInstanceAutomatedBackupNotFound", f"There are no automated backups {arn} in {state.region}.")
    return found
