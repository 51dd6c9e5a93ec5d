"""What a modification changes at once, and what waits for the maintenance window."""

from __future__ import annotations

from typing import Any

from local.cloud.svc.rds.model import Instance

WAITING = {
    *("AllocatedStorage", "CACertificateIdentifier", "DBInstanceClass", "EngineVersion", "Iops", "MultiAZ"),
    *("StorageThroughput", "StorageType"),
}
"""Parameters that are applied in the maintenance window unless ApplyImmediately is set.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html"""


def modify(instance: Instance, changes: dict[str, Any], immediately: bool) -> None:
    """Applies `changes`, or puts them off. With `immediately`, what was put off before is applied, too."""
    waiting = WAITING | ({"BackupRetentionPeriod"} if _switches_backups(instance, changes) else set())
    for name, value in changes.items():
        if name in waiting:
            if instance.inputs.get(name) == value:
                instance.pending.pop(name, None)
            else:
                instance.pending[name] = value
        else:
            instance.inputs[name] = value
    if immediately:
        apply_pending(instance)


def apply_pending(instance: Instance) -> None:
    instance.inputs |= instance.pending
    instance.pending = {}


def _switches_backups(instance: Instance, changes: dict[str, Any]) -> bool:
    return bool(instance.retention) != bool(changes.get("BackupRetentionPeriod", instance.retention))


def larger(current: int, wanted: int) -> int:
    """Storage grows by at least 10 %: RDS rounds a smaller step up. GiB."""
    return max(wanted, -(-current * 11 // 10)) if wanted > current else current
