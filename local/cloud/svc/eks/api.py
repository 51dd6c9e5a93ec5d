"""The EKS service: all its operations and backings."""

from __future__ import annotations

from collections.abc import Callable

from moto.core.model import OperationModel

from local.cloud.service.base import Backing, Inputs, Output
from local.cloud.svc.eks.backing import ClusterBacking, NodeGroupBacking
from local.cloud.svc.eks.model import EksState
from local.cloud.svc.eks.operations.access_entries import AccessOperations
from local.cloud.svc.eks.operations.addons import AddonOperations
from local.cloud.svc.eks.operations.cluster_updates import ClusterUpdateOperations
from local.cloud.svc.eks.operations.clusters import ClusterOperations
from local.cloud.svc.eks.operations.idempotency import once
from local.cloud.svc.eks.operations.node_group_updates import NodeGroupUpdateOperations
from local.cloud.svc.eks.operations.node_groups import NodeGroupOperations
from local.cloud.svc.eks.operations.pod_identity import PodIdentityOperations
from local.cloud.svc.eks.operations.reads import ReadOperations
from local.cloud.svc.eks.operations.tags import TagOperations
from local.cloud.svc.eks.operations.updates import UpdateOperations


class Eks(
    ClusterOperations,
    ClusterUpdateOperations,
    NodeGroupOperations,
    NodeGroupUpdateOperations,
    AddonOperations,
    AccessOperations,
    PodIdentityOperations,
    UpdateOperations,
    TagOperations,
    ReadOperations,
):
    name = "eks"
    invalid = "InvalidParameterException"

    def new_state(self, region: str) -> EksState:
        return EksState(region)

    def backings(self) -> list[Backing]:
        found: list[Backing] = []
        for state in self.states():
            for cluster in list(state.clusters.values()):
                found += [
                    NodeGroupBacking(self.context, cluster, group) for group in list(cluster.node_groups.values())
                ]
                found.append(ClusterBacking(self.context, state, cluster))
        return found

    def _method(self, operation: OperationModel) -> Callable[[EksState, Inputs], Output]:
        return once(operation.name, super()._method(operation))
