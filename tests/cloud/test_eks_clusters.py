"""What EKS refuses of a cluster, and what an update of one says that it changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.engines.kubernetes.control_plane import ControlPlane
from local.node.addons import installed
from tests.fixtures.cloud import REGION, Cloud, code_of
from tests.fixtures.eks import NAME, service_role
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration
INVALID = "InvalidParameterException"


def network(**change: Any) -> dict[str, Any]:
    return {"resourcesVpcConfig": change}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"version": "1.19"}, INVALID),
        ({"version": "1.35"}, "NotImplemented"),
        ({"version": "newest"}, INVALID),
        ({"kubernetesNetworkConfig": {"serviceIpv4Cidr": "8.8.8.0/24"}}, INVALID),
        ({"kubernetesNetworkConfig": {"serviceIpv4Cidr": "10.100.0.0/16"}}, "NotImplemented"),
        (network(subnetIds=["subnet-none"]), INVALID),
        (network(subnetIds=[]), INVALID),
        (network(securityGroupIds=["sg-00000000"]), INVALID),
        (network(endpointPublicAccess=False, endpointPrivateAccess=False), INVALID),
        (network(publicAccessCidrs=["10.0.0.0/8"]), INVALID),
        (network(publicAccessCidrs=["banana"]), INVALID),
        ({"roleArn": "arn:aws:iam::123456789012:role/nobody"}, INVALID),
        ({"encryptionConfig": [{"provider": {"keyArn": "alias/none"}, "resources": ["secrets"]}]}, INVALID),
        ({"encryptionConfig": [{"provider": {"keyArn": "alias/none"}, "resources": ["pods"]}]}, INVALID),
        ({"logging": {"clusterLogging": [{"types": ["kubelet"], "enabled": True}]}}, INVALID),
        ({"accessConfig": {"authenticationMode": "NONE"}}, INVALID),
        ({"name": "-bad name!"}, INVALID),
        ({"tags": {"aws:mine": "x"}}, INVALID),
        ({"computeConfig": {"enabled": True}}, "NotImplemented"),
        ({}, "NotImplemented"),  # a second one in the region
    ],
)
def test_cluster_that_cannot_be_made_is_refused(cloud: Cloud, eks: Any, change: dict[str, Any], code: str) -> None:
    subnets = {"subnetIds": cloud.subnets, **change.get("resourcesVpcConfig", {})}
    role = service_role(cloud, "eks-cluster", "eks.amazonaws.com")
    with pytest.raises(ClientError) as refused:
        eks.create_cluster(**{"name": "refused", "roleArn": role, **change, "resourcesVpcConfig": subnets})
    assert code_of(refused.value) == code
    assert "refused" not in eks.list_clusters()["clusters"]


@pytest.mark.parametrize(
    ("change", "kind", "params"),
    [
        ({"logging": {"clusterLogging": [{"types": ["scheduler"], "enabled": True}]}}, "LoggingUpdate", None),
        ({"logging": {"clusterLogging": [{"types": ["scheduler"], "enabled": False}]}}, "LoggingUpdate", None),
        (network(endpointPublicAccess=True), "EndpointAccessUpdate", [("EndpointPublicAccess", "true")]),
        (network(endpointPublicAccess=False), "EndpointAccessUpdate", [("EndpointPublicAccess", "false")]),
        ({"deletionProtection": True}, "DeletionProtectionUpdate", [("DeletionProtection", "true")]),
        ({"deletionProtection": False}, "DeletionProtectionUpdate", [("DeletionProtection", "false")]),
        ({"upgradePolicy": {"supportType": "STANDARD"}}, "UpgradePolicyUpdate", None),
    ],
)
def test_update_has_the_type_and_params_of_its_change(eks: Any, change: dict[str, Any], kind: str, params: Any) -> None:
    update = eks.update_cluster_config(name=NAME, **change)["update"]
    assert update["type"] == kind
    if params is not None:
        assert [(param["type"], param["value"]) for param in update["params"]] == params
    assert update["id"] in eks.list_updates(name=NAME)["updateIds"]
    assert eks.describe_update(name=NAME, updateId=update["id"])["update"]["status"] == "Successful"
    with pytest.raises(ClientError) as unchanged:
        eks.update_cluster_config(name=NAME, **change)
    assert code_of(unchanged.value) == INVALID


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"deletionProtection": True, "upgradePolicy": {"supportType": "STANDARD"}}, INVALID),
        ({"accessConfig": {"authenticationMode": "CONFIG_MAP"}}, INVALID),
        (network(endpointPublicAccess=False, endpointPrivateAccess=False), INVALID),
        ({"computeConfig": {"enabled": True}}, "NotImplemented"),
    ],
)
def test_update_that_cannot_be_is_refused(eks: Any, change: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as refused:
        eks.update_cluster_config(name=NAME, **change)
    assert code_of(refused.value) == code


@pytest.mark.parametrize(("version", "code"), [("1.36", INVALID), ("1.35", INVALID), ("1.38", INVALID), ("x", INVALID)])
def test_control_plane_goes_up_one_minor_version_at_a_time(eks: Any, version: str, code: str) -> None:
    with pytest.raises(ClientError) as refused:
        eks.update_cluster_version(name=NAME, version=version)
    assert code_of(refused.value) == code


def test_repeated_request_is_answered_as_the_first_time(eks: Any) -> None:
    change = {"deletionProtection": True, "clientRequestToken": "the-same"}
    first = eks.update_cluster_config(name=NAME, **change)["update"]
    assert eks.update_cluster_config(name=NAME, **change)["update"] == first
    with pytest.raises(ClientError) as other:
        eks.update_cluster_config(name=NAME, **{**change, "deletionProtection": False})
    assert code_of(other.value) == "InvalidRequestException"
    eks.update_cluster_config(name=NAME, deletionProtection=False)


def test_what_no_cluster_has_is_an_empty_list(eks: Any) -> None:
    assert eks.list_fargate_profiles(clusterName=NAME)["fargateProfileNames"] == []
    assert eks.list_identity_provider_configs(clusterName=NAME)["identityProviderConfigs"] == []
    assert eks.list_insights(clusterName=NAME)["insights"] == []
    versions = eks.describe_cluster_versions()["clusterVersions"]
    assert [version["clusterVersion"] for version in versions] == ["1.36"]
    assert eks.describe_cluster_versions(clusterVersions=["1.20"])["clusterVersions"] == []


@pytest.mark.parametrize("arn", ["nonsense", "arn:aws:lambda:us-west-2:123456789012:function:f"])
def test_tags_of_what_is_no_arn_of_eks_are_a_bad_request(eks: Any, arn: str) -> None:
    with pytest.raises(ClientError) as refused:
        eks.list_tags_for_resource(resourceArn=arn)
    assert code_of(refused.value) == "BadRequestException"


@pytest.mark.parametrize(
    ("addon", "code"),
    [
        ({"addonName": "no-such"}, INVALID),
        ({"addonName": "coredns", "addonVersion": "v0.0.0-bogus"}, INVALID),
        ({"addonName": "coredns", "configurationValues": '{"replicaCount": "many"}'}, INVALID),
        ({"addonName": "coredns", "configurationValues": '{"replicas": 2}'}, INVALID),
        ({"addonName": "coredns", "configurationValues": "{"}, INVALID),
        ({"addonName": "coredns", "serviceAccountRoleArn": "arn:aws:iam::123456789012:role/nobody"}, INVALID),
        ({"addonName": "vpc-cni"}, "ResourceInUseException"),
    ],
)
def test_addon_that_cannot_be_is_refused(eks: Any, addon: dict[str, str], code: str) -> None:
    with pytest.raises(ClientError) as refused:
        eks.create_addon(clusterName=NAME, **addon)
    assert code_of(refused.value) == code


def test_addon_is_configured_by_its_schema(eks: Any, cloud: Cloud) -> None:
    folder = ControlPlane(cloud.site, REGION, NAME).folder / "addons"
    known = eks.describe_addon_versions(addonName="coredns", kubernetesVersion="1.36")["addons"][0]["addonVersions"]
    older = known[-1]["addonVersion"]
    schema = eks.describe_addon_configuration(addonName="coredns", addonVersion=older)["configurationSchema"]
    assert "replicaCount" in json.loads(schema)["properties"]
    eks.create_addon(clusterName=NAME, addonName="coredns", addonVersion=older, configurationValues="replicaCount: 3")
    until("its processes to know", lambda: installed.read(folder).get("coredns") == {"replicaCount": 3})
    newest = known[0]["addonVersion"]
    update = eks.update_addon(clusterName=NAME, addonName="coredns", addonVersion=newest)["update"]
    assert update["params"] == [{"type": "AddonVersion", "value": newest}]
    assert eks.list_updates(name=NAME, addonName="coredns")["updateIds"] == [update["id"]]
    assert update["id"] not in eks.list_updates(name=NAME)["updateIds"]
    assert eks.describe_addon_versions(kubernetesVersion="1.20")["addons"] == []
    eks.delete_addon(clusterName=NAME, addonName="coredns")
    until("its processes to know", lambda: "coredns" not in installed.read(folder))
