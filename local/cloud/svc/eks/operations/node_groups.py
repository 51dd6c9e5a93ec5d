"""The EKS operations on managed node groups."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from local.cloud.moto_backends import lookups
from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.svc.eks.model import Cluster, EksState, NodeGroup
from local.cloud.svc.eks.operations.clusters import active, cluster_of, record_update

_REFUSED = {"remoteAccess": "SSH to nodes", "launchTemplate": "launch templates", "warmPoolConfig": "warm pools"}
_DEFAULTS: dict[str, Any] = {
    "amiType": "AL2023_x86_64_STANDARD",
    "capacityType": "ON_DEMAND",
    "diskSize": 20,
    "instanceTypes": ["t3.medium"],
    "labels": {},
    "scalingConfig": {"minSize": 1, "maxSize": 2, "desiredSize": 2},
    "tags": {},
    "taints": [],
    "updateConfig": {"maxUnavailable": 1},
}


class NodeGroupOperations(Service[EksState]):
    def create_nodegroup(self, state: EksState, inputs: Inputs) -> Output:
        cluster, name = active(cluster_of(state, inputs["clusterName"])), inputs["nodegroupName"]
        if name in cluster.node_groups:
            message = f"NodeGroup already exists with name {name} and cluster name {cluster.name}"
            raise AwsError("ResourceInUseException", message)
        for key, what in _REFUSED.items():
            if inputs.get(key):
                raise unsupported(what)
        try:
            lookups.subnets(state.region, inputs["subnets"])
        except KeyError as error:
            raise AwsError("InvalidParameterException", f"There is no such subnet: {error}") from error
        if inputs.setdefault("version", cluster.inputs["version"]) != cluster.inputs["version"]:
            raise AwsError("InvalidParameterException", f"Nodes of {cluster.name} are {cluster.inputs['version']}.")
        completed = {**_DEFAULTS, **inputs}
        _check_scaling(completed["scalingConfig"])
        arn = self.context.arn("eks", state.region, f"nodegroup/{cluster.name}/{name}/{secrets.token_hex(16)}")
        now = datetime.now(UTC)
        cluster.node_groups[name] = NodeGroup(cluster.name, name, arn, completed, now, now)
        return {"nodegroup": _described(cluster.node_groups[name])}

    def describe_nodegroup(self, state: EksState, inputs: Inputs) -> Output:
        return {"nodegroup": _described(_group(state, inputs)[1])}

    def list_nodegroups(self, state: EksState, inputs: Inputs) -> Output:
        return {"nodegroups": list(cluster_of(state, inputs["clusterName"]).node_groups)}

    def update_nodegroup_config(self, state: EksState, inputs: Inputs) -> Output:
        cluster, group = _group(state, inputs)
        if group.status != "ACTIVE":
            message = f"Nodegroup {group.name} is {group.status}; it must be ACTIVE for this."
            raise AwsError("ResourceInUseException", message)
        if inputs.get("warmPoolConfig"):
            raise unsupported(_REFUSED["warmPoolConfig"])
        scaling = {**group.inputs["scalingConfig"], **inputs.get("scalingConfig", {})}
        _check_scaling(scaling)
        group.inputs["scalingConfig"] = scaling
        group.inputs["labels"] = _changed_labels(group.inputs["labels"], inputs.get("labels", {}))
        group.inputs["taints"] = _changed_taints(group.inputs["taints"], inputs.get("taints", {}))
        for key in ("updateConfig", "nodeRepairConfig"):
            if key in inputs:
                group.inputs[key] = inputs[key]
        group.status, group.modified = "UPDATING", datetime.now(UTC)
        return {"update": record_update(cluster, "ConfigUpdate", inputs)}

    def delete_nodegroup(self, state: EksState, inputs: Inputs) -> Output:
        group = _group(state, inputs)[1]
        group.status = "DELETING"
        return {"nodegroup": _described(group)}


def _group(state: EksState, inputs: Inputs) -> tuple[Cluster, NodeGroup]:
    cluster, name = cluster_of(state, inputs["clusterName"]), inputs["nodegroupName"]
    if name not in cluster.node_groups:
        raise AwsError("ResourceNotFoundException", f"No node group found for name: {name}.")
    return cluster, cluster.node_groups[name]


def _check_scaling(scaling: dict[str, int]) -> None:
    if not 0 <= scaling["minSize"] <= scaling["desiredSize"] <= scaling["maxSize"]:
        message = f"Minimum, desired and maximum size do not rise in this order: {scaling}"
        raise AwsError("InvalidParameterException", message)


def _changed_labels(labels: dict[str, str], change: dict[str, Any]) -> dict[str, str]:
    kept = {key: value for key, value in labels.items() if key not in change.get("removeLabels", [])}
    return {**kept, **change.get("addOrUpdateLabels", {})}


def _changed_taints(taints: list[dict[str, str]], change: dict[str, Any]) -> list[dict[str, str]]:
    added = change.get("addOrUpdateTaints", [])
    replaced = {(taint["key"], taint["effect"]) for taint in [*added, *change.get("removeTaints", [])]}
    return [*(taint for taint in taints if (taint["key"], taint["effect"]) not in replaced), *added]


def _described(group: NodeGroup) -> Output:
    return {
        "releaseVersion": f"{group.inputs['version']}.0-1",
        **group.inputs,
        "nodegroupArn": group.arn,
        "createdAt": group.created,
        "modifiedAt": group.modified,
        "status": group.status,
        "health": {"issues": []},
        "resources": {"autoScalingGroups": [{"name": f"eks-{group.name}-{group.arn.rsplit('/', 1)[1]}"}]},
    }
