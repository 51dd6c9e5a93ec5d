"""The EKS operations on clusters and their updates."""

from __future__ import annotations

import re
import secrets
import subprocess
from datetime import UTC, datetime
from functools import cache
from typing import Any

from local.cloud.moto_backends import lookups
from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.svc.eks.authentication.access_entries import ADMIN_POLICY, associate_policy, create_entry
from local.cloud.svc.eks.model import Cluster, EksState
from local.engines.kubernetes.control_plane import PORT
from local.toolchain import tools

_LOGS = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
_REFUSED = {
    "outpostConfig": "clusters on Outposts",
    "computeConfig": "EKS Auto Mode",
    "storageConfig": "EKS Auto Mode",
    "remoteNetworkConfig": "hybrid nodes",
}
_UPDATABLE = {
    "resourcesVpcConfig",
    "logging",
    "accessConfig",
    "upgradePolicy",
    "zonalShiftConfig",
    "deletionProtection",
}


class ClusterOperations(Service[EksState]):
    def create_cluster(self, state: EksState, inputs: Inputs) -> Output:
        name = inputs["name"]
        if name in state.clusters:
            raise AwsError("ResourceInUseException", f"Cluster already exists with name: {name}")
        if state.clusters:
            raise unsupported("a second cluster in a region: Pods and Services have one block of addresses")
        subnets = self._check(state, inputs)
        identifier = secrets.token_hex(16).upper()
        _complete(inputs, self.context.site.service_network(state.region))
        cluster = Cluster(
            region=state.region,
            name=name,
            identifier=identifier,
            arn=self.context.arn("eks", state.region, f"cluster/{name}"),
            inputs=inputs,
            address=self.context.addresses(state.region).of(identifier),
            security_group=lookups.create_security_group(
                state.region, f"eks-cluster-sg-{name}-{int(identifier[:8], 16)}", subnets[0].vpc
            ),
            created=datetime.now(UTC),
        )
        inputs["resourcesVpcConfig"] |= {"vpcId": subnets[0].vpc, "clusterSecurityGroupId": cluster.security_group}
        if inputs["accessConfig"].get("bootstrapClusterCreatorAdminPermissions", True):
            creator = create_entry(cluster, {"principalArn": lookups.principal(self.context.caller)})
            associate_policy(creator, ADMIN_POLICY, {"type": "cluster"})
        state.clusters[name] = cluster
        return {"cluster": _described(cluster)}

    def describe_cluster(self, state: EksState, inputs: Inputs) -> Output:
        return {"cluster": _described(cluster_of(state, inputs["name"]))}

    def list_clusters(self, state: EksState, inputs: Inputs) -> Output:
        return {"clusters": list(state.clusters)}

    def delete_cluster(self, state: EksState, inputs: Inputs) -> Output:
        cluster = cluster_of(state, inputs["name"])
        if cluster.node_groups:
            raise AwsError("ResourceInUseException", "Cluster has nodegroups attached")
        if cluster.inputs.get("deletionProtection"):
            message = f"Cluster {cluster.name} has deletion protection; turn it off first."
            raise AwsError("InvalidRequestException", message)
        cluster.status = "DELETING"
        return {"cluster": _described(cluster)}

    def update_cluster_config(self, state: EksState, inputs: Inputs) -> Output:
        cluster = active(cluster_of(state, inputs["name"]))
        changes = {key: value for key, value in inputs.items() if key not in ("name", "clientRequestToken")}
        fixed = set(changes) - _UPDATABLE
        if fixed:
            raise unsupported(f"changing {', '.join(sorted(fixed))} of a cluster")
        for key, value in changes.items():
            known = cluster.inputs.get(key)
            cluster.inputs[key] = {**known, **value} if isinstance(known, dict) else value
        return {"update": record_update(cluster, "ConfigUpdate", changes)}

    def describe_update(self, state: EksState, inputs: Inputs) -> Output:
        update = cluster_of(state, inputs["name"]).updates.get(inputs["updateId"])
        if update is None:
            raise AwsError("ResourceNotFoundException", f"No update found for ID: {inputs['updateId']}")
        return {"update": update}

    def describe_cluster_versions(self, state: EksState, inputs: Inputs) -> Output:
        version = {"clusterVersion": kubernetes_version(), "clusterType": "eks", "defaultVersion": True}
        return {"clusterVersions": [{**version, "status": "standard-support", "versionStatus": "STANDARD_SUPPORT"}]}

    def _check(self, state: EksState, inputs: Inputs) -> list[lookups.Subnet]:
        for key, what in _REFUSED.items():
            if inputs.get(key):
                raise unsupported(what)
        if inputs.setdefault("version", kubernetes_version()) != kubernetes_version():
            message = f"unsupported Kubernetes version {inputs['version']}; {kubernetes_version()} is here"
            raise AwsError("InvalidParameterException", message)
        network = self.context.site.service_network(state.region)
        if inputs.get("kubernetesNetworkConfig", {}).get("serviceIpv4Cidr", network) != network:
            raise AwsError("InvalidParameterException", f"Services of {state.region} can only have {network} here.")
        try:
            subnets = lookups.subnets(state.region, inputs["resourcesVpcConfig"].get("subnetIds", []))
            for encrypted in inputs.get("encryptionConfig", []):
                encrypted["provider"]["keyArn"] = lookups.key_arn(state.region, encrypted["provider"]["keyArn"])
        except KeyError as error:
            raise AwsError("InvalidParameterException", f"There is no such subnet or KMS key: {error}") from error
        if len({subnet.zone for subnet in subnets}) < 2 or len({subnet.vpc for subnet in subnets}) != 1:
            raise AwsError("InvalidParameterException", "Subnets must be in one VPC and at least two zones.")
        return subnets


@cache
def kubernetes_version() -> str:
    """The version of the installed API server, as in "1.36"."""
    command = [tools.path("kube-apiserver"), "--version"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    match = re.search(r"v(\d+\.\d+)", printed)
    if match is None:
        raise RuntimeError(f"kube-apiserver --version printed {printed!r}, which contains no version")
    return match[1]


def cluster_of(state: EksState, name: str) -> Cluster:
    """The cluster; raises AwsError when it does not exist."""
    if name not in state.clusters:
        raise AwsError("ResourceNotFoundException", f"No cluster found for name: {name}.")
    return state.clusters[name]


def active(cluster: Cluster) -> Cluster:
    """The cluster; raises AwsError unless it is ACTIVE."""
    if cluster.status != "ACTIVE":
        raise AwsError("InvalidRequestException", f"Cluster '{cluster.name}' is not in ACTIVE status")
    return cluster


def record_update(cluster: Cluster, kind: str, changes: dict[str, Any]) -> dict[str, Any]:
    """Records an update for DescribeUpdate; its progress shows in the status of the updated resource."""
    update = {
        "id": secrets.token_hex(16),
        "status": "Successful",
        "type": kind,
        "params": [],
        "createdAt": datetime.now(UTC),
        "errors": [],
    }
    cluster.updates[update["id"]] = update
    return update


def _complete(inputs: Inputs, network: str) -> None:
    """Fills in AWS's defaults for parameters that the request omits."""
    public = {"endpointPublicAccess": True, "endpointPrivateAccess": False, "publicAccessCidrs": ["0.0.0.0/0"]}
    inputs["resourcesVpcConfig"] = {**public, "securityGroupIds": [], **inputs["resourcesVpcConfig"]}
    balancing = {"elasticLoadBalancing": {"enabled": False}}
    given = inputs.get("kubernetesNetworkConfig", {})
    inputs["kubernetesNetworkConfig"] = {**balancing, "ipFamily": "ipv4", **given, "serviceIpv4Cidr": network}
    inputs.setdefault("logging", {"clusterLogging": [{"types": _LOGS, "enabled": False}]})
    inputs["accessConfig"] = {"authenticationMode": "CONFIG_MAP", **inputs.get("accessConfig", {})}
    inputs.setdefault("upgradePolicy", {"supportType": "EXTENDED"})
    inputs.setdefault("deletionProtection", False)
    inputs.setdefault("tags", {})


def _described(cluster: Cluster) -> Output:
    described = {
        **cluster.inputs,
        "arn": cluster.arn,
        "createdAt": cluster.created,
        "status": cluster.status,
        "platformVersion": "eks.1",
        "health": {"issues": []},
        "identity": {"oidc": {"issuer": f"https://oidc.eks.{cluster.region}.amazonaws.com/id/{cluster.identifier}"}},
    }
    if cluster.authority:
        described["endpoint"] = f"https://{cluster.address}:{PORT}"
        described["certificateAuthority"] = {"data": cluster.authority}
    return described
