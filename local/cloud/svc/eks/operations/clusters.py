"""The EKS operations on clusters."""

from __future__ import annotations

import re
import secrets
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from local.cloud.authorization.trust import trusts
from local.cloud.moto_backends import lookups
from local.cloud.moto_backends.compute import vpcs_of_groups
from local.cloud.moto_backends.keys import kms_key
from local.cloud.moto_backends.roles import role_of
from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.svc.eks.authentication.access_entries import ADMIN_POLICY, associate_policy, create_entry
from local.cloud.svc.eks.model import Cluster, EksState
from local.cloud.svc.eks.operations.lookup import cluster_of
from local.cloud.svc.eks.rules import versions
from local.cloud.svc.eks.rules.clusters import CLUSTER_RULES, NETWORK_RULES, ClusterFacts, NetworkFacts
from local.cloud.svc.eks.rules.config_updates import merged_logging
from local.cloud.svc.eks.rules.table import check
from local.engines.kubernetes.control_plane import PORT
from local.toolchain import tools

PLATFORM = "eks.1"
"""Platform version of every cluster."""
_REFUSED = {
    "outpostConfig": "clusters on Outposts",
    "computeConfig": "EKS Auto Mode",
    "storageConfig": "EKS Auto Mode",
    "remoteNetworkConfig": "hybrid nodes",
}


class ClusterOperations(Service[EksState]):
    def create_cluster(self, state: EksState, inputs: Inputs) -> Output:
        name = inputs["name"]
        if name in state.clusters:
            raise AwsError("ResourceInUseException", f"Cluster already exists with name: {name}")
        _complete(inputs)
        subnets = self._check(state, inputs)
        if state.clusters:
            raise unsupported("a second cluster in a region: Pods and Services have one block of addresses")
        inputs["kubernetesNetworkConfig"]["serviceIpv4Cidr"] = self.context.site.service_network(state.region)
        identifier = secrets.token_hex(16).upper()
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

    def describe_cluster_versions(self, state: EksState, inputs: Inputs) -> Output:
        here = kubernetes_version()
        version = {"clusterVersion": here, "clusterType": "eks", "defaultVersion": True}
        version |= {"status": "standard-support", "versionStatus": "STANDARD_SUPPORT"}
        unlike = [
            here not in (inputs.get("clusterVersions") or [here]),
            inputs.get("clusterType", "eks") != "eks",
            inputs.get("status", "standard-support") != "standard-support",
            inputs.get("versionStatus", "STANDARD_SUPPORT") != "STANDARD_SUPPORT",
        ]
        return {"clusterVersions": [] if any(unlike) else [version]}

    def _check(self, state: EksState, inputs: Inputs) -> list[lookups.Subnet]:
        for key, what in _REFUSED.items():
            if inputs.get(key):
                raise unsupported(what)
        versions.check_cluster(inputs["version"], kubernetes_version())
        role = role_of(inputs["roleArn"])
        check(CLUSTER_RULES, ClusterFacts(inputs, role is not None and trusts(role.trust, "eks.amazonaws.com")))
        encrypt(state.region, inputs.get("encryptionConfig", []))
        subnets = check_network(state.region, inputs["resourcesVpcConfig"])
        services, own = inputs["kubernetesNetworkConfig"], self.context.site.service_network(state.region)
        if "serviceIpv4Cidr" in services:
            raise unsupported(f"a block of your own for Services: those of {state.region} have {own}")
        if services["ipFamily"] != "ipv4":
            raise unsupported("clusters with IPv6")
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


def check_network(region: str, config: Mapping[str, Any]) -> list[lookups.Subnet]:
    """The subnets of a VPC configuration; raises AwsError when it is against the rules."""
    try:
        subnets = lookups.subnets(region, config.get("subnetIds", []))
    except KeyError as error:
        raise AwsError("InvalidParameterException", f"There is no such subnet: {error}") from error
    groups = vpcs_of_groups(region, config.get("securityGroupIds", []))
    zones, vpcs = frozenset(s.zone for s in subnets), frozenset(s.vpc for s in subnets)
    check(NETWORK_RULES, NetworkFacts(config, zones, vpcs, groups))
    return subnets


def encrypt(region: str, configs: list[dict[str, Any]]) -> None:
    """Puts the ARNs of the KMS keys into the configurations; raises AwsError for a key that cannot encrypt."""
    for config in configs:
        found = kms_key(region, config["provider"]["keyArn"])
        if found.trouble:
            raise AwsError("InvalidParameterException", found.trouble)
        config["provider"]["keyArn"] = found.arn


def _complete(inputs: Inputs) -> None:
    """Fills in AWS's defaults for parameters that the request omits."""
    public = {"endpointPublicAccess": True, "endpointPrivateAccess": False, "publicAccessCidrs": ["0.0.0.0/0"]}
    inputs["resourcesVpcConfig"] = {**public, "subnetIds": [], "securityGroupIds": [], **inputs["resourcesVpcConfig"]}
    balancing = {"elasticLoadBalancing": {"enabled": False}}
    given = inputs.get("kubernetesNetworkConfig", {})
    inputs["kubernetesNetworkConfig"] = {**balancing, "ipFamily": "ipv4", **given}
    inputs["logging"] = merged_logging({}, inputs.get("logging", {}))
    inputs["accessConfig"] = {"authenticationMode": "CONFIG_MAP", **inputs.get("accessConfig", {})}
    inputs.setdefault("version", kubernetes_version())
    inputs.setdefault("upgradePolicy", {"supportType": "EXTENDED"})
    inputs.setdefault("deletionProtection", False)
    inputs.setdefault("tags", {})


def _described(cluster: Cluster) -> Output:
    described = {
        **cluster.inputs,
        "arn": cluster.arn,
        "createdAt": cluster.created,
        "status": cluster.status,
        "platformVersion": PLATFORM,
        "health": {"issues": []},
        "identity": {"oidc": {"issuer": f"https://oidc.eks.{cluster.region}.amazonaws.com/id/{cluster.identifier}"}},
    }
    if cluster.authority:
        described["endpoint"] = f"https://{cluster.address}:{PORT}"
        described["certificateAuthority"] = {"data": cluster.authority}
    return described
