"""What EKS refuses of a managed node group, and how its nodes are replaced."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fixtures.cloud import Cloud, code_of
from tests.fixtures.eks import NAME, service_role
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration
INVALID = "InvalidParameterException"
ARM = {"amiType": "AL2023_ARM_64_STANDARD"}
SIZES = {"minSize": 1, "maxSize": 2, "desiredSize": 1}


def group(cloud: Cloud, name: str, **change: Any) -> dict[str, Any]:
    role = service_role(cloud, "eks-node", "ec2.amazonaws.com")
    wanted = {"clusterName": NAME, "nodegroupName": name, "subnets": cloud.subnets, "nodeRole": role}
    return {**wanted, "scalingConfig": SIZES, **change}


@pytest.fixture(scope="module")
def template(cloud: Cloud) -> Iterator[str]:
    """Id of a launch template with two versions."""
    ec2 = cloud.client("ec2")
    data = {"MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}}
    created = ec2.create_launch_template(LaunchTemplateName="eks-nodes", LaunchTemplateData=data)["LaunchTemplate"]
    id = created["LaunchTemplateId"]
    disks = [{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True, "VolumeSize": 30, "VolumeType": "gp3"}}]
    ec2.create_launch_template_version(
        LaunchTemplateId=id, LaunchTemplateData={**data, "BlockDeviceMappings": disks, "InstanceType": "m7g.large"}
    )
    yield id
    ec2.delete_launch_template(LaunchTemplateId=id)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"instanceTypes": ["m7g.large"]}, INVALID),  # AWS's default AMI type is x86-64
        ({"instanceTypes": ["m7i.large", "m7g.large"], **ARM}, INVALID),
        ({"instanceTypes": ["bogus.large"]}, INVALID),
        ({"amiType": "AL2_x86_64"}, INVALID),
        ({"amiType": "WINDOWS_95"}, INVALID),
        ({"amiType": "CUSTOM"}, INVALID),
        ({"scalingConfig": {"minSize": 3, "maxSize": 4, "desiredSize": 2}}, INVALID),
        ({"scalingConfig": {"minSize": 1, "maxSize": 2, "desiredSize": 3}}, INVALID),
        ({"scalingConfig": {"minSize": 1, "maxSize": 451, "desiredSize": 1}}, INVALID),
        ({"scalingConfig": {"minSize": 1, "maxSize": 60, "desiredSize": 40}}, "NotImplemented"),
        ({"diskSize": 1}, INVALID),
        ({"diskSize": 20000}, INVALID),
        ({"capacityType": "CHEAP"}, INVALID),
        ({"capacityType": "CAPACITY_BLOCK"}, INVALID),
        ({"subnets": ["subnet-none"]}, INVALID),
        ({"subnets": []}, INVALID),
        ({"nodeRole": "arn:aws:iam::123456789012:role/nobody"}, INVALID),
        ({"labels": {"kubernetes.io/role": "x"}}, INVALID),
        ({"labels": {"a b": "x"}}, INVALID),
        ({"taints": [{"key": "a", "value": "!", "effect": "NO_SCHEDULE"}]}, INVALID),
        ({"taints": [{"key": "a", "effect": "NEVER"}]}, INVALID),
        ({"version": "1.37"}, INVALID),
        ({"version": "1.31"}, INVALID),
        ({"version": "1.34"}, "NotImplemented"),
        ({"releaseVersion": "1.36.0-19990101"}, INVALID),
        ({"updateConfig": {"maxUnavailable": 1, "maxUnavailablePercentage": 50}}, INVALID),
        ({"nodegroupName": "-nodes"}, INVALID),
        ({"nodegroupName": "n" * 64}, INVALID),
        ({"launchTemplate": {"name": "none"}}, INVALID),
        ({"remoteAccess": {"ec2SshKey": "mine"}}, "NotImplemented"),
    ],
)
def test_node_group_that_cannot_be_made_is_refused(cloud: Cloud, eks: Any, change: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as refused:
        eks.create_nodegroup(**group(cloud, "refused", **change))
    assert code_of(refused.value) == code
    assert "refused" not in eks.list_nodegroups(clusterName=NAME)["nodegroups"]


def test_node_role_must_trust_ec2(cloud: Cloud, eks: Any) -> None:
    role = service_role(cloud, "eks-no-node", "lambda.amazonaws.com")
    with pytest.raises(ClientError, match="service principals"):
        eks.create_nodegroup(**group(cloud, "refused", nodeRole=role))


@pytest.mark.parametrize("beside", [{"diskSize": 30}, {"instanceTypes": ["m7g.large"], **ARM}])
def test_launch_template_and_request_do_not_say_the_same(
    cloud: Cloud, eks: Any, template: str, beside: dict[str, Any]
) -> None:
    with pytest.raises(ClientError) as refused:
        eks.create_nodegroup(**group(cloud, "refused", launchTemplate={"id": template, "version": "2"}, **beside))
    assert code_of(refused.value) == INVALID


def test_next_version_of_the_template_replaces_the_nodes(cloud: Cloud, eks: Any, template: str) -> None:
    name = "templated"
    eks.create_nodegroup(
        **group(cloud, name, instanceTypes=["m7g.large"], launchTemplate={"id": template, "version": "1"}, **ARM)
    )

    def status() -> str:
        return eks.describe_nodegroup(clusterName=NAME, nodegroupName=name)["nodegroup"]["status"]

    until("the nodes to be ACTIVE", lambda: status() == "ACTIVE")
    before = nodes_of(cloud, name)
    asked = {"clusterName": NAME, "nodegroupName": name}
    update = eks.update_nodegroup_version(**asked, launchTemplate={"id": template, "version": "$Latest"})["update"]
    assert update["status"] == "InProgress"
    assert {"type": "LaunchTemplateVersion", "value": "2"} in update["params"]
    with pytest.raises(ClientError) as second:
        eks.update_nodegroup_config(**asked, labels={"addOrUpdateLabels": {"a": "b"}})
    assert code_of(second.value) == "ResourceInUseException"
    until("the nodes to be ACTIVE", lambda: status() == "ACTIVE")
    after = nodes_of(cloud, name)
    assert len(after) == 1
    assert not after & before
    found = eks.describe_update(name=NAME, nodegroupName=name, updateId=update["id"])["update"]
    assert found["status"] == "Successful"
    assert eks.list_updates(name=NAME, nodegroupName=name)["updateIds"] == [update["id"]]
    eks.delete_nodegroup(**asked)
    until("the group to go", lambda: name not in eks.list_nodegroups(clusterName=NAME)["nodegroups"])


def nodes_of(cloud: Cloud, group: str) -> set[str]:
    """Names of the node processes of a group."""
    files = (cloud.site.home / "engines").glob("*/nodes/*/node.json")
    settings = [json.loads(file.read_text()) for file in files]
    return {node["name"] for node in settings if node["labels"]["eks.amazonaws.com/nodegroup"] == group}
