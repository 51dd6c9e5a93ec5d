"""Subnets and security groups that clusters and domains have."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from moto.ec2.models import ec2_backends

from local.cloud.context import ACCOUNT
from local.cloud.service.errors import AwsError
from local.cloud.strict.request import ServiceRequest
from local.cloud.strict.rules import rule
from local.cloud.svc.eks.model import Cluster as EksCluster
from local.cloud.svc.eks.model import EksState, NodeGroup
from local.cloud.svc.msk.model import Cluster as MskCluster
from local.cloud.svc.msk.model import MskState
from local.cloud.svc.networks import in_use
from local.cloud.svc.opensearch.model import Domain, OpenSearchState

REGION = "us-west-2"
NOW = datetime.now(UTC)


def eks() -> EksState:
    inputs = {"resourcesVpcConfig": {"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]}}
    cluster = EksCluster(REGION, "c", "1", "cluster", inputs, "127.0.0.1", "sg-own", NOW)
    cluster.node_groups["g"] = NodeGroup("c", "g", "nodes", {"subnets": ["subnet-2"]}, NOW, NOW)
    return EksState(REGION, {"c": cluster})


def msk() -> MskState:
    inputs = {"BrokerNodeGroupInfo": {"ClientSubnets": ["subnet-1", "subnet-2"], "SecurityGroups": ["sg-1"]}}
    return MskState(REGION, {"a": MskCluster(REGION, "c", "cluster", inputs, "127.0.0.1", NOW, {})})


def opensearch(options: dict[str, Any]) -> OpenSearchState:
    return OpenSearchState(REGION, {"d": Domain(REGION, "d", "domain", "1", options, "u", "p", "127.0.0.1", NOW, {})})


USES = [
    (eks(), {"subnet-1", "sg-1", "sg-own", "subnet-2"}),
    (msk(), {"subnet-1", "subnet-2", "sg-1"}),
    (opensearch({"VPCOptions": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}}), {"subnet-1", "sg-1"}),
    (opensearch({}), set()),
    (EksState(REGION, {"c": EksCluster(REGION, "c", "1", "cluster", {}, "127.0.0.1", "sg-own", NOW)}), {"sg-own"}),
    (MskState(REGION, {"a": MskCluster(REGION, "c", "cluster", {}, "127.0.0.1", NOW, {})}), set()),
]


@pytest.mark.parametrize(("state", "expected"), USES)
def test_of_its_own_region_only(state: Any, expected: set[str]) -> None:
    assert in_use({("service", REGION): state}, REGION) == expected
    assert in_use({("service", REGION): state}, "us-east-1") == set()


def test_only_deletions_ask_what_is_in_use() -> None:
    asked: list[str] = []

    def check(operation: str, **inputs: Any) -> str:
        def used() -> set[str]:
            asked.append(operation)
            return {"subnet-1"}

        request = ServiceRequest("ec2", operation, REGION, "root", inputs, in_use=used)
        found = rule("ec2", operation)
        assert found
        try:
            found(request)
        except AwsError as error:
            return error.code
        return ""

    for operation in ("CreateTags", "CreateVpc", "CreateSubnet", "DescribeAvailabilityZones", "DescribeSnapshots"):
        assert check(operation) == ""
    assert asked == []
    assert check("DeleteSubnet", SubnetId="subnet-1") == "DependencyViolation"
    group = ec2_backends[ACCOUNT][REGION].create_security_group("in-use", "for a test").id
    assert check("DeleteSecurityGroup", GroupId=group) == ""
    assert asked == ["DeleteSubnet", "DeleteSecurityGroup"]
