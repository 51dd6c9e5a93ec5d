"""A deleted cluster leaves nothing: no node, no process, no security group."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fixtures.cloud import REGION, Cloud
from tests.fixtures.eks import NAME
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration


def test_deleted_cluster_leaves_nothing(cloud: Cloud, eks: Any) -> None:
    with pytest.raises(ClientError, match="nodegroups attached"):
        eks.delete_cluster(name=NAME)
    eks.delete_nodegroup(clusterName=NAME, nodegroupName="spot")
    until("the nodes to go", lambda: eks.list_nodegroups(clusterName=NAME)["nodegroups"] == [])
    group = eks.describe_cluster(name=NAME)["cluster"]["resourcesVpcConfig"]["clusterSecurityGroupId"]
    eks.delete_cluster(name=NAME)
    until("the cluster to go", lambda: eks.list_clusters()["clusters"] == [])
    assert not [line for line in cloud.processes() if "/eks/" in line or "/nodes/" in line]
    assert not cloud.site.kubeconfig(REGION).exists()
    with pytest.raises(ClientError, match="does not exist"):
        cloud.client("ec2").describe_security_groups(GroupIds=[group])
