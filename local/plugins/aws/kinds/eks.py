"""Clusters and who has access to them; node groups are in `eks_nodes`."""

from __future__ import annotations

from typing import Any

from local.plugins.aws.inputs import Effect, Inputs
from local.plugins.aws.kind import Awaited, Call, Convert, Kind, SeparateCall, Tags, Waiter
from local.plugins.provider.values import Values

TAGS = Tags(
    create="tags",
    form="map",
    set=Call("TagResource", {"resourceArn": "{arn}", "tags": "{tagSet}"}),
    unset=Call("UntagResource", {"resourceArn": "{arn}", "tagKeys": "{tagKeys}"}),
    path="tags",
)
READY = Waiter("status", frozenset({"ACTIVE"}), frozenset({"FAILED", "CREATE_FAILED", "DEGRADED"}))
_LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")
_MODE = "accessConfig.authenticationMode"
_ENDPOINT = ("endpointPrivateAccess", "endpointPublicAccess", "publicAccessCidrs")


def awaited(**resource: str) -> Awaited:
    return Awaited(
        token="update.id",
        call=Call("DescribeUpdate", {**resource, "updateId": "{token}"}),
        status="update.status",
        success=frozenset({"Successful"}),
        failure=frozenset({"Failed", "Cancelled"}),
        why="join('; ', update.errors[].errorMessage)",
    )


def _logging(types: list[str]) -> dict[str, Any]:
    return {"clusterLogging": [{"types": sorted(types), "enabled": True}]}


def _log_types(logging: dict[str, Any]) -> list[str]:
    return sorted(t for group in logging["clusterLogging"] if group["enabled"] for t in group["types"])


def _changed_logging(old: Values, known: Values) -> list[Call]:
    on = known["enabledClusterLogTypes"]
    groups = ((sorted(on), True), (sorted(set(_LOGS) - set(on)), False))
    logging = {"clusterLogging": [{"types": types, "enabled": enabled} for types, enabled in groups if types]}
    return [Call("UpdateClusterConfig", {"name": "{id}", "logging": logging})]


def _config(*inputs: str, **fields: Any) -> SeparateCall:
    return SeparateCall(inputs, Call("UpdateClusterConfig", {"name": "{id}", **fields}), created=True)


def _vpc(*inputs: str) -> SeparateCall:
    fields = {name: f"{{vpcConfig.{name}}}" for name in inputs}
    return _config(*(f"vpcConfig.{name}" for name in inputs), resourcesVpcConfig=fields)


def _encryption(old: Values, new: Values) -> Effect:
    if not old.get("encryptionConfig"):
        return Effect.IN_PLACE
    return Effect.REFUSED if new.get("encryptionConfig") else Effect.REPLACING


KINDS = (
    Kind(
        type="aws:eks/cluster:Cluster",
        service="eks",
        inputs=Inputs(
            source="internal/service/eks/cluster.go",
            in_place="accessConfig.authenticationMode deletionProtection enabledClusterLogTypes encryptionConfig "
            "upgradePolicy version vpcConfig.endpointPrivateAccess vpcConfig.endpointPublicAccess "
            "vpcConfig.publicAccessCidrs vpcConfig.securityGroupIds vpcConfig.subnetIds zonalShiftConfig",
            replacing="accessConfig.bootstrapClusterCreatorAdminPermissions bootstrapSelfManagedAddons "
            "kubernetesNetworkConfig.ipFamily kubernetesNetworkConfig.serviceIpv4Cidr name roleArn",
            steering="forceUpdateVersion",
            refused={
                "encryptionConfig": "AWS cannot exchange the key of a cluster's secrets once it has one; keep it, or "
                "declare another cluster"
            },
            depending={"encryptionConfig": _encryption},
            absent={
                "accessConfig.bootstrapClusterCreatorAdminPermissions": True,
                "bootstrapSelfManagedAddons": True,
                "deletionProtection": False,
                "enabledClusterLogTypes": [],
                "encryptionConfig": {},
                "vpcConfig.endpointPrivateAccess": False,
                "vpcConfig.endpointPublicAccess": True,
            },
            sets="enabledClusterLogTypes vpcConfig.publicAccessCidrs vpcConfig.securityGroupIds vpcConfig.subnetIds",
            computed={"platformVersion": "version"},
        ),
        create=Call("CreateCluster", match=True),
        id="{name}",
        read=Call("DescribeCluster", {"name": "{id}"}),
        found="cluster",
        delete=Call("DeleteCluster", {"name": "{id}"}),
        name="name",
        rename={"vpcConfig": "resourcesVpcConfig", "enabledClusterLogTypes": "logging"},
        convert={
            "enabledClusterLogTypes": Convert(_logging, _log_types),
            "encryptionConfig": Convert(lambda config: [config], lambda configs: configs[0]),
        },
        separate=(
            SeparateCall(
                ("version",),
                Call("UpdateClusterVersion", {"name": "{id}", "version": "{version}", "force": "{forceUpdateVersion}"}),
                path="version",
                created=True,
            ),
            _config(_MODE, accessConfig={"authenticationMode": f"{{{_MODE}}}"}),
            SeparateCall(
                ("encryptionConfig",),
                Call("AssociateEncryptionConfig", {"clusterName": "{id}", "encryptionConfig": ["{encryptionConfig}"]}),
                created=True,
            ),
            SeparateCall(("enabledClusterLogTypes",), _changed_logging, created=True),
            _config("deletionProtection", deletionProtection="{deletionProtection}"),
            _config("upgradePolicy", upgradePolicy="{upgradePolicy}"),
            _config("zonalShiftConfig", zonalShiftConfig="{zonalShiftConfig}"),
            _vpc(*_ENDPOINT),
            _vpc("subnetIds", "securityGroupIds"),
        ),
        awaited=awaited(name="{id}"),
        outputs={
            "arn": "arn",
            "endpoint": "endpoint",
            "certificateAuthority": "certificateAuthority",
            "certificateAuthorities": "[certificateAuthority]",
            "identities": "[{oidcs: [{issuer: identity.oidc.issuer}]}]",
            "vpcConfig": "resourcesVpcConfig",
            "platformVersion": "platformVersion",
        },
        ready=READY,
        tags=TAGS,
    ),
    Kind(
        type="aws:eks/accessEntry:AccessEntry",
        service="eks",
        inputs=Inputs(
            source="internal/service/eks/access_entry.go",
            in_place="kubernetesGroups userName",
            replacing="clusterName principalArn type",
            absent={"type": "STANDARD"},
            sets="kubernetesGroups",
        ),
        create=Call("CreateAccessEntry", match=True),
        id="{clusterName}:{principalArn}",
        read=Call("DescribeAccessEntry", {"clusterName": "{clusterName}", "principalArn": "{principalArn}"}),
        found="accessEntry",
        modify=Call(
            "UpdateAccessEntry", {"clusterName": "{clusterName}", "principalArn": "{principalArn}"}, match=True
        ),
        delete=Call("DeleteAccessEntry", {"clusterName": "{clusterName}", "principalArn": "{principalArn}"}),
        outputs={"accessEntryArn": "accessEntryArn"},
        tags=TAGS,
    ),
    Kind(
        type="aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        service="eks",
        inputs=Inputs(
            source="internal/service/eks/access_policy_association.go",
            replacing="accessScope clusterName policyArn principalArn",
        ),
        create=Call("AssociateAccessPolicy", match=True),
        id="{clusterName}#{principalArn}#{policyArn}",
        upsert=True,
        read=Call("ListAssociatedAccessPolicies", {"clusterName": "{clusterName}", "principalArn": "{principalArn}"}),
        found="associatedAccessPolicies[?policyArn == '{policyArn}'] | [0]",
        delete=Call(
            "DisassociateAccessPolicy",
            {"clusterName": "{clusterName}", "principalArn": "{principalArn}", "policyArn": "{policyArn}"},
        ),
    ),
)
