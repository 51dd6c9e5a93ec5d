"""The EKS service: all its operations and backings."""

from __future__ import annotations

from local.cloud.service.base import Backing, Inputs, Output
from local.cloud.service.errors import AwsError
from local.cloud.svc.eks.backing import ClusterBacking, NodeGroupBacking
from local.cloud.svc.eks.model import EksState
from local.cloud.svc.eks.operations.access_entries import AccessOperations
from local.cloud.svc.eks.operations.addons import AddonOperations
from local.cloud.svc.eks.operations.clusters import ClusterOperations
from local.cloud.svc.eks.operations.node_groups import NodeGroupOperations
from local.cloud.svc.eks.operations.pod_identity import PodIdentityOperations


class Eks(ClusterOperations, NodeGroupOperations, AddonOperations, AccessOperations, PodIdentityOperations):
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

    def tag_resource(self, state: EksState, inputs: Inputs) -> Output:
        _tags(state, inputs).update(inputs["tags"])
        return {}

    def untag_resource(self, state: EksState, inputs: Inputs) -> Output:
        for key in inputs["tagKeys"]:
            _tags(state, inputs).pop(key, None)
        return {}

    def list_tags_for_resource(self, state: EksState, inputs: Inputs) -> Output:
        return {"tags": _tags(state, inputs)}


def _tags(state: EksState, inputs: Inputs) -> dict[str, str]:
    for cluster in state.clusters.values():
        parts = [
            *cluster.node_groups.values(),
            *cluster.addons.values(),
            *cluster.access.values(),
            *cluster.associations.values(),
        ]
        for resource in [cluster, *parts]:
            if resource.arn == inputs["resourceArn"]:
                return resource.inputs["tags"]
    raise AwsError("NotFoundException", f"Resource was not found: {inputs['resourceArn']}")
