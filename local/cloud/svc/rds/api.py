"""Amazon RDS: its operations, and what is behind its resources."""

from __future__ import annotations

from local.cloud.service.base import Backing
from local.cloud.svc.rds.backing.fleet import Fleet
from local.cloud.svc.rds.backing.instance import InstanceBacking
from local.cloud.svc.rds.backing.replicated_backups import BackupsCopying
from local.cloud.svc.rds.backing.snapshot import SnapshotBacking
from local.cloud.svc.rds.model import RdsState
from local.cloud.svc.rds.operations.absent import AbsentOperations
from local.cloud.svc.rds.operations.backups import BackupOperations
from local.cloud.svc.rds.operations.catalog import CatalogOperations
from local.cloud.svc.rds.operations.groups import GroupOperations
from local.cloud.svc.rds.operations.instances import InstanceOperations
from local.cloud.svc.rds.operations.logs import LogOperations
from local.cloud.svc.rds.operations.replicated_backups import ReplicatedBackupOperations
from local.cloud.svc.rds.operations.restores import RestoreOperations
from local.cloud.svc.rds.operations.snapshots import SnapshotOperations


class Rds(
    InstanceOperations,
    SnapshotOperations,
    RestoreOperations,
    BackupOperations,
    ReplicatedBackupOperations,
    GroupOperations,
    CatalogOperations,
    LogOperations,
    AbsentOperations,
):
    name = "rds"
    invalid = "InvalidParameterValue"

    def new_state(self, region: str) -> RdsState:
        return RdsState(region)

    def backings(self) -> list[Backing]:
        fleet = Fleet(self.context, self.states())
        instances = [InstanceBacking(fleet, instance) for instance in fleet.instances()]
        snapshots = [SnapshotBacking(fleet, s) for state in fleet.states for s in list(state.snapshots.values())]
        copies = [BackupsCopying(fleet, c) for state in fleet.states for c in list(state.replicated_backups.values())]
        return [*instances, *snapshots, *copies]
