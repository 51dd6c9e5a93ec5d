"""Subnets and security groups that clusters and domains have."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

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
    (eks(), {"subnet-1": "cluster", "sg-1": "cluster", "sg-own": "cluster", "subnet-2": "nodes"}),
    (msk(), {"subnet-1": "cluster", "subnet-2": "cluster", "sg-1": "cluster"}),
    (
        opensearch({"VPCOptions": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}}),
        {"subnet-1": "domain", "sg-1": "domain"},
    ),
    (opensearch({}), {}),
]


@pytest.mark.parametrize(("state", "expected"), USES)
def test_of_its_own_region_only(state: Any, expected: dict[str, str]) -> None:
    assert in_use({("service", REGION): state}, REGION) == expected
    assert in_use({("service", REGION): state}, "us-east-1") == {}
