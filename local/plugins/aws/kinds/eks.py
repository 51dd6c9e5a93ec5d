"""Clusters, node groups, access entries."""

from __future__ import annotations

from typing import Any

from local.plugins.aws.kind import Call, Convert, Kind, SeparateCall, Tags, Waiter

TAGS = Tags(
    create="tags",
    form="map",
    set=Call("TagResource", {"resourceArn": "{arn}", "tags": "{tagSet}"}),
    unset=Call("UntagResource", {"resourceArn": "{arn}", "tagKeys": "{tagKeys}"}),
    path="tags",
)
_ACTIVE = frozenset({"ACTIVE"})
_FAILED = frozenset({"FAILED", "CREATE_FAILED", "DEGRADED"})


def _logging(types: list[str]) -> dict[str, Any]:
    return {"clusterLogging": [{"types": sorted(types), "enabled": True}]}


def _log_types(logging: dict[str, Any]) -> list[str]:
    return sorted(t for group in logging["clusterLogging"] if group["enabled"] for t in group["types"])


KINDS = (
    Kind(
        type="aws:eks/cluster:Cluster",
        service="eks",
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
                Call("UpdateClusterVersion", {"name": "{id}", "version": "{version}"}),
                path="version",
                created=True,
            ),
        ),
        immutable=frozenset({"name", "roleArn", "vpcConfig", "encryptionConfig", "kubernetesNetworkConfig"}),
        outputs={
            "arn": "arn",
            "endpoint": "endpoint",
            "certificateAuthority": "certificateAuthority",
            "certificateAuthorities": "[certificateAuthority]",
            "identities": "[{oidcs: [{issuer: identity.oidc.issuer}]}]",
            "vpcConfig": "resourcesVpcConfig",
            "platformVersion": "platformVersion",
        },
        ready=Waiter("status", _ACTIVE, _FAILED),
        tags=TAGS,
    ),
    Kind(
        type="aws:eks/nodeGroup:NodeGroup",
        service="eks",
        create=Call("CreateNodegroup", match=True),
        id="{clusterName}:{nodeGroupName}",
        read=Call("DescribeNodegroup", {"clusterName": "{clusterName}", "nodegroupName": "{nodeGroupName}"}),
        found="nodegroup",
        delete=Call("DeleteNodegroup", {"clusterName": "{clusterName}", "nodegroupName": "{nodeGroupName}"}),
        modify=Call(
            "UpdateNodegroupConfig", {"clusterName": "{clusterName}", "nodegroupName": "{nodeGroupName}"}, match=True
        ),
        name="nodeGroupName",
        rename={"nodeRoleArn": "nodeRole", "subnetIds": "subnets"},
        separate=(
            SeparateCall(
                ("labels",),
                Call(
                    "UpdateNodegroupConfig",
                    {
                        "clusterName": "{clusterName}",
                        "nodegroupName": "{nodeGroupName}",
                        "labels": {"addOrUpdateLabels": "{labels}"},
                    },
                ),
                path="labels",
                created=True,
            ),
        ),
        immutable=frozenset({"clusterName", "nodeGroupName", "taints"}),
        outputs={"arn": "nodegroupArn"},
        ready=Waiter("status", _ACTIVE, _FAILED),
        tags=TAGS,
    ),
    Kind(
        type="aws:eks/accessEntry:AccessEntry",
        service="eks",
        create=Call("CreateAccessEntry", match=True),
        id="{clusterName}:{principalArn}",
        read=Call("DescribeAccessEntry", {"clusterName": "{clusterName}", "principalArn": "{principalArn}"}),
        found="accessEntry",
        delete=Call("DeleteAccessEntry", {"clusterName": "{clusterName}", "principalArn": "{principalArn}"}),
        immutable=None,
        outputs={"accessEntryArn": "accessEntryArn"},
        tags=TAGS,
    ),
    Kind(
        type="aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        service="eks",
        create=Call("AssociateAccessPolicy", match=True),
        id="{clusterName}#{principalArn}#{policyArn}",
        upsert=True,
        read=Call("ListAssociatedAccessPolicies", {"clusterName": "{clusterName}", "principalArn": "{principalArn}"}),
        found="associatedAccessPolicies[?policyArn == '{policyArn}'] | [0]",
        delete=Call(
            "DisassociateAccessPolicy",
            {"clusterName": "{clusterName}", "principalArn": "{principalArn}", "policyArn": "{policyArn}"},
        ),
        immutable=None,
    ),
)
