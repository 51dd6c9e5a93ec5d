"""The EKS operations on managed node groups."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from local.cloud.authorization.trust import trusts
from local.cloud.moto_backends import lookups
from local.cloud.moto_backends.compute import TemplateVersion, architectures, template_version
from local.cloud.moto_backends.roles import role_of
from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.svc.eks.model import Cluster, EksState, NodeGroup
from local.cloud.svc.eks.operations.clusters import kubernetes_version
from local.cloud.svc.eks.operations.lookup import active, cluster_of, group_of
from local.cloud.svc.eks.rules import versions
from local.cloud.svc.eks.rules.node_groups import DEFAULT_AMI_TYPE, RULES, NodeGroupFacts, default_instance_types
from local.cloud.svc.eks.rules.table import check
from local.cloud.svc.eks.rules.templates import TEMPLATE_RULES, TemplateFacts
from local.engines.kubernetes.node_group import SLOTS

_REFUSED = {"remoteAccess": "SSH to nodes", "warmPoolConfig": "warm pools"}
_DEFAULTS: dict[str, Any] = {
    "amiType": DEFAULT_AMI_TYPE,
    "capacityType": "ON_DEMAND",
    "labels": {},
    "tags": {},
    "taints": [],
    "updateConfig": {"maxUnavailable": 1},
}
_SIZES = {"minSize": 1, "maxSize": 2, "desiredSize": 2}
_DISK = 20


class NodeGroupOperations(Service[EksState]):
    def create_nodegroup(self, state: EksState, inputs: Inputs) -> Output:
        cluster, name = active(cluster_of(state, inputs["clusterName"])), inputs["nodegroupName"]
        if name in cluster.node_groups:
            message = f"NodeGroup already exists with name {name} and cluster name {cluster.name}"
            raise AwsError("ResourceInUseException", message)
        completed = _completed(state.region, cluster, inputs)
        for key, what in _REFUSED.items():
            if inputs.get(key):
                raise unsupported(what)
        check_size(state, name, completed["scalingConfig"]["desiredSize"])
        arn = self.context.arn("eks", state.region, f"nodegroup/{cluster.name}/{name}/{secrets.token_hex(16)}")
        now = datetime.now(UTC)
        cluster.node_groups[name] = NodeGroup(cluster.name, name, arn, completed, now, now)
        return {"nodegroup": _described(cluster.node_groups[name])}

    def describe_nodegroup(self, state: EksState, inputs: Inputs) -> Output:
        return {"nodegroup": _described(group_of(cluster_of(state, inputs["clusterName"]), inputs["nodegroupName"]))}

    def list_nodegroups(self, state: EksState, inputs: Inputs) -> Output:
        return {"nodegroups": list(cluster_of(state, inputs["clusterName"]).node_groups)}

    def delete_nodegroup(self, state: EksState, inputs: Inputs) -> Output:
        group = group_of(cluster_of(state, inputs["clusterName"]), inputs["nodegroupName"])
        group.status = "DELETING"
        return {"nodegroup": _described(group)}


def release(version: str) -> str:
    """The newest release of the AMIs of a version; the nodes here are of this one."""
    return f"{version}.0-20261101"


def check_size(state: EksState, name: str, desired: int) -> None:
    """Refuses more nodes than the region has addresses for."""
    groups = [group for cluster in state.clusters.values() for group in cluster.node_groups.values()]
    others = sum(group.inputs["scalingConfig"]["desiredSize"] for group in groups if group.name != name)
    if others + desired > SLOTS:
        raise unsupported(f"more than {SLOTS} nodes in {state.region}: {others + desired} would be desired")


def resolved_template(region: str, asked: dict[str, str]) -> TemplateVersion:
    """The version of the launch template that a request names; the default one if it names no version."""
    try:
        return template_version(region, asked.get("id", ""), asked.get("name", ""), asked.get("version", "$Default"))
    except KeyError as error:
        raise AwsError("InvalidParameterException", f"There is no such launch template: {error}") from error


def _completed(region: str, cluster: Cluster, inputs: Inputs) -> dict[str, Any]:
    """The parameters with AWS's defaults; raises AwsError when they are against the rules."""
    completed = {**_DEFAULTS, "version": cluster.inputs["version"], **inputs}
    completed["scalingConfig"] = {**_SIZES, **inputs.get("scalingConfig", {})}
    template = None
    if inputs.get("launchTemplate"):
        template = resolved_template(region, inputs["launchTemplate"])
        check(TEMPLATE_RULES, TemplateFacts(inputs, template.data))
        if template.data.get("ImageId"):
            raise unsupported("nodes of your own image")
        completed["launchTemplate"] = {"id": template.id, "name": template.name, "version": template.number}
    else:
        completed.setdefault("diskSize", _DISK)
    types = _instance_types(completed, template)
    versions.check_nodes(completed["version"], cluster.inputs["version"], kubernetes_version())
    try:
        subnets = lookups.subnets(region, inputs["subnets"])
    except KeyError as error:
        raise AwsError("InvalidParameterException", f"There is no such subnet: {error}") from error
    role = role_of(inputs["nodeRole"])
    facts = NodeGroupFacts(
        {**completed, "instanceTypes": types},
        others=len(cluster.node_groups),
        cluster_vpc=cluster.inputs["resourcesVpcConfig"]["vpcId"],
        kubernetes=versions.minor(completed["version"]) or 0,
        subnet_vpcs=frozenset(subnet.vpc for subnet in subnets),
        node_role_trusts_ec2=role is not None and trusts(role.trust, "ec2.amazonaws.com"),
        architectures=architectures(types),
        template=template.data if template else None,
    )
    check(RULES, facts)
    newest = release(completed["version"])
    if completed.setdefault("releaseVersion", newest) != newest:
        message = f"Requested release version {completed['releaseVersion']} is not valid; {newest} is."
        raise AwsError("InvalidParameterException", message)
    return completed


def _instance_types(completed: dict[str, Any], template: TemplateVersion | None) -> list[str]:
    """The instance types, which a launch template may give; else they are completed here."""
    given = template.data.get("InstanceType") if template else None
    if given:
        return [given]
    return completed.setdefault("instanceTypes", default_instance_types(completed["amiType"]))


def _described(group: NodeGroup) -> Output:
    return {
        "releaseVersion": release(group.inputs["version"]),
        **{key: value for key, value in group.inputs.items() if key != "clientRequestToken"},
        "nodegroupArn": group.arn,
        "createdAt": group.created,
        "modifiedAt": group.modified,
        "status": group.status,
        "health": {"issues": []},
        "resources": {"autoScalingGroups": [{"name": f"eks-{group.name}-{group.arn.rsplit('/', 1)[1]}"}]},
    }
