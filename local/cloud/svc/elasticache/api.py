"""ElastiCache: replication groups and cache clusters of Redis."""

from __future__ import annotations

from collections import defaultdict

from local.cloud.context import CloudContext
from local.cloud.service.base import Backing
from local.cloud.svc.elasticache.backing import ReplicationGroupBacking, SnapshotBacking
from local.cloud.svc.elasticache.global_backing import GlobalBacking, Lags
from local.cloud.svc.elasticache.groups import GroupOperations
from local.cloud.svc.elasticache.model import CacheState
from local.cloud.svc.elasticache.operations.clusters import ClusterOperations
from local.cloud.svc.elasticache.operations.inventory import InventoryOperations
from local.cloud.svc.elasticache.operations.nodes import NodeOperations
from local.cloud.svc.elasticache.operations.replication_groups import ReplicationGroupOperations
from local.cloud.svc.elasticache.operations.snapshots import SnapshotOperations
from local.cloud.svc.elasticache.tags import TagOperations


class ElastiCache(
    ReplicationGroupOperations,
    NodeOperations,
    ClusterOperations,
    SnapshotOperations,
    GroupOperations,
    TagOperations,
    InventoryOperations,
):
    name = "elasticache"
    invalid = "InvalidParameterValue"

    def __init__(self, context: CloudContext) -> None:
        super().__init__(context)
        self._lags: defaultdict[str, Lags] = defaultdict(Lags)

    def new_state(self, region: str) -> CacheState:
        return CacheState(region)

    def backings(self) -> list[Backing]:
        return [
            backing
            for state in self.states()
            for backing in (
                *(ReplicationGroupBacking(self.context, state, group) for group in list(state.group_users.values())),
                *(
                    GlobalBacking(self.context, self.state, datastore, self._lags[datastore.arn])
                    for datastore in list(state.datastores.values())
                ),
                *(SnapshotBacking(self.context, state, s) for s in list(state.snapshots.values()) if _moves(s.status)),
            )
        ]


def _moves(status: str) -> bool:
    return status in ("copying", "deleting")
