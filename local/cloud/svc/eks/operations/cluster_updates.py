"""The EKS operations that change a cluster: configuration, version, encryption."""

from __future__ import annotations

from typing import Any

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.svc.eks.model import Cluster, EksState
from local.cloud.svc.eks.operations.clusters import PLATFORM, check_network, encrypt, kubernetes_version
from local.cloud.svc.eks.operations.lookup import active, cluster_of
from local.cloud.svc.eks.operations.updates import record
from local.cloud.svc.eks.rules import versions
from local.cloud.svc.eks.rules.clusters import bad_encryption
from local.cloud.svc.eks.rules.config_updates import classify, merged_logging, next_mode

_STEERING = ("name", "clientRequestToken")


class ClusterUpdateOperations(Service[EksState]):
    def update_cluster_config(self, state: EksState, inputs: Inputs) -> Output:
        cluster = active(cluster_of(state, inputs["name"]))
        changes = {key: value for key, value in inputs.items() if key not in _STEERING}
        kind, params = classify(changes)
        after = {key: _after(state.region, cluster, key, value) for key, value in changes.items()}
        if all(cluster.inputs.get(key) == value for key, value in after.items()):
            message = f"Cluster is already at the desired configuration: {kind} would change nothing."
            raise AwsError("InvalidParameterException", message)
        cluster.inputs |= after
        return record(cluster, kind, params)

    def update_cluster_version(self, state: EksState, inputs: Inputs) -> Output:
        if inputs.get("rollbackConfig"):
            raise unsupported("rolling a control plane back by itself")
        cluster = active(cluster_of(state, inputs["name"]))
        versions.check_cluster_update(cluster.inputs["version"], inputs["version"], kubernetes_version())
        asked = versions.minor(inputs["version"]) or 0
        for group in cluster.node_groups.values():
            if asked - (versions.minor(group.inputs["version"]) or 0) > versions.SKEW:
                message = (
                    f"Nodes of {group.name} ({group.inputs['version']}) would be too far behind; update them first."
                )
                raise AwsError("InvalidRequestException", message)
        cluster.inputs["version"] = inputs["version"]
        return record(cluster, "VersionUpdate", {"Version": inputs["version"], "PlatformVersion": PLATFORM})

    def associate_encryption_config(self, state: EksState, inputs: Inputs) -> Output:
        cluster, configs = active(cluster_of(state, inputs["clusterName"])), inputs["encryptionConfig"]
        if cluster.inputs.get("encryptionConfig"):
            message = f"Cluster {cluster.name} has an encryption configuration already."
            raise AwsError("InvalidRequestException", message)
        problem = bad_encryption(configs) if configs else "The request has no encryption configuration."
        if problem:
            raise AwsError("InvalidParameterException", problem)
        encrypt(state.region, configs)
        cluster.inputs["encryptionConfig"] = configs
        return record(cluster, "AssociateEncryptionConfig", {"EncryptionConfig": configs})


def _after(region: str, cluster: Cluster, key: str, change: Any) -> Any:
    """The parameter `key` of the cluster after a change; raises AwsError when that is against the rules."""
    before = cluster.inputs.get(key)
    if key == "logging":
        return merged_logging(before or {}, change)
    if key == "accessConfig":
        mode = next_mode(cluster.inputs[key]["authenticationMode"], change.get("authenticationMode", ""))
        return {**cluster.inputs[key], "authenticationMode": mode}
    if key == "resourcesVpcConfig":
        config = {**cluster.inputs[key], **change}
        if {subnet.vpc for subnet in check_network(region, config)} != {config["vpcId"]}:
            raise AwsError("InvalidParameterException", "Subnets must be in the VPC of the cluster.")
        return config
    return {**before, **change} if isinstance(before, dict) else change
