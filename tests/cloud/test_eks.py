"""An EKS cluster is a Kubernetes control plane that knows AWS's identities; node groups are nodes in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.toolchain import tools
from tests.fixtures.cloud import KEY, REGION, Cloud, code_of, until

pytestmark = pytest.mark.integration
NAME = "tested"


@pytest.fixture(scope="module")
def eks(cloud: Cloud) -> Any:
    """A client, of a region with a cluster that has one spot node."""
    client = cloud.client("eks")
    client.create_cluster(
        name=NAME,
        version="1.36",
        roleArn=cloud.role,
        resourcesVpcConfig={"subnetIds": cloud.subnets, "endpointPrivateAccess": True, "endpointPublicAccess": False},
        encryptionConfig=[{"provider": {"keyArn": cloud.key}, "resources": ["secrets"]}],
        accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": True},
        logging={"clusterLogging": [{"types": ["api", "audit"], "enabled": True}]},
        tags={"team": "platform"},
    )
    found = client.describe_cluster(name=NAME)["cluster"]
    assert found["status"] == "CREATING"
    assert "endpoint" not in found
    client.create_addon(clusterName=NAME, addonName="vpc-cni")
    with pytest.raises(ClientError, match="not in ACTIVE status"):
        create_nodes(client, cloud)
    until("the cluster to be ACTIVE", lambda: client.describe_cluster(name=NAME)["cluster"]["status"] == "ACTIVE", 90)
    create_nodes(client, cloud)
    until("the nodes to be ACTIVE", lambda: nodes(client)["status"] == "ACTIVE")
    return client


def create_nodes(eks: Any, cloud: Cloud) -> None:
    eks.create_nodegroup(
        clusterName=NAME,
        nodegroupName="spot",
        nodeRole=cloud.role,
        subnets=cloud.subnets,
        capacityType="SPOT",
        instanceTypes=["m7g.large", "m6g.large"],
        diskSize=30,
        scalingConfig={"minSize": 1, "maxSize": 3, "desiredSize": 1},
        labels={"aura/pool": "spot"},
        taints=[{"key": "aura/spot", "value": "true", "effect": "NO_SCHEDULE"}],
    )


def nodes(eks: Any) -> dict[str, Any]:
    return eks.describe_nodegroup(clusterName=NAME, nodegroupName="spot")["nodegroup"]


@pytest.fixture
def shell(cloud: Cloud, tmp_path: Path) -> dict[str, str]:
    """An environment in which plain `aws` and `kubectl` work, with a kubeconfig of its own."""
    folders = [str(Path(sys.executable).parent), str(tools.path("kubectl").parent), os.environ["PATH"]]
    return {
        **os.environ,
        "PATH": ":".join(folders),
        "AWS_ENDPOINT_URL": cloud.site.endpoint_url,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": KEY,
        "AWS_DEFAULT_REGION": REGION,
        "KUBECONFIG": str(tmp_path / "kubeconfig"),
    }


def run(env: dict[str, str], *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_plain_kubectl_works_after_update_kubeconfig(eks: Any, shell: dict[str, str]) -> None:
    assert run(shell, "aws", "eks", "update-kubeconfig", "--name", NAME).returncode == 0
    seen = run(
        shell, "kubectl", "get", "nodes", "-l", "eks.amazonaws.com/capacityType=SPOT,aura/pool=spot", "-o", "name"
    )
    assert seen.stdout.count("node/") == 1, seen.stderr
    refused = run({**shell, "AWS_SECRET_ACCESS_KEY": "stolen"}, "kubectl", "get", "nodes")
    assert refused.returncode != 0
    assert "Unauthorized" in refused.stderr or "logged in" in refused.stderr


def test_principal_gets_in_by_its_access_entry_only(cloud: Cloud, eks: Any, shell: dict[str, str]) -> None:
    iam = cloud.client("iam")
    arn = iam.create_user(UserName="on-call")["User"]["Arn"]
    key = iam.create_access_key(UserName="on-call")["AccessKey"]
    theirs = {**shell, "AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    assert run(theirs, "aws", "eks", "update-kubeconfig", "--name", NAME).returncode == 0
    assert run(theirs, "kubectl", "get", "nodes").returncode != 0
    eks.create_access_entry(clusterName=NAME, principalArn=arn)
    eks.associate_access_policy(
        clusterName=NAME,
        principalArn=arn,
        policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
        accessScope={"type": "cluster"},
    )
    until("the entry to count", lambda: run(theirs, "kubectl", "get", "nodes").returncode == 0)


def test_description_gives_back_what_was_asked_for(cloud: Cloud, eks: Any) -> None:
    cluster = eks.describe_cluster(name=NAME)["cluster"]
    network = cluster["resourcesVpcConfig"]
    assert (network["subnetIds"], network["vpcId"]) == (cloud.subnets, cloud.vpc)
    assert (network["endpointPrivateAccess"], network["endpointPublicAccess"]) == (True, False)
    assert cloud.client("ec2").describe_security_groups(GroupIds=[network["clusterSecurityGroupId"]])
    assert cluster["encryptionConfig"] == [{"provider": {"keyArn": cloud.key}, "resources": ["secrets"]}]
    assert cluster["logging"]["clusterLogging"] == [{"types": ["api", "audit"], "enabled": True}]
    assert (cluster["tags"], cluster["version"]) == ({"team": "platform"}, "1.36")
    group = nodes(eks)
    assert "remoteAccess" not in group
    assert (group["capacityType"], group["diskSize"], group["labels"]) == ("SPOT", 30, {"aura/pool": "spot"})
    assert group["taints"] == [{"key": "aura/spot", "value": "true", "effect": "NO_SCHEDULE"}]
    assert eks.describe_addon(clusterName=NAME, addonName="vpc-cni")["addon"]["status"] == "ACTIVE"


def test_node_group_grows_and_shrinks(eks: Any, shell: dict[str, str]) -> None:
    run(shell, "aws", "eks", "update-kubeconfig", "--name", NAME)
    for size in (2, 1):
        scaling = {"minSize": 1, "maxSize": 3, "desiredSize": size}
        eks.update_nodegroup_config(clusterName=NAME, nodegroupName="spot", scalingConfig=scaling)
        until("the group to be ACTIVE", lambda: nodes(eks)["status"] == "ACTIVE")
        assert run(shell, "kubectl", "get", "nodes", "-o", "name").stdout.count("node/") == size


def test_killed_control_plane_comes_back_with_its_objects(cloud: Cloud, eks: Any, shell: dict[str, str]) -> None:
    run(shell, "aws", "eks", "update-kubeconfig", "--name", NAME)
    assert run(shell, "kubectl", "create", "namespace", "kept").returncode == 0
    for part in ("kube-apiserver", "etcd"):
        cloud.engine(part).kill()
    until("the namespace to be there", lambda: "kept" in run(shell, "kubectl", "get", "namespaces").stdout, 60)
    until("the cluster to be ACTIVE", lambda: eks.describe_cluster(name=NAME)["cluster"]["status"] == "ACTIVE")


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


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"version": "1.19"}, "InvalidParameterException"),
        ({"kubernetesNetworkConfig": {"serviceIpv4Cidr": "10.100.0.0/16"}}, "InvalidParameterException"),
        ({"resourcesVpcConfig": {"subnetIds": ["subnet-none"]}}, "InvalidParameterException"),
        ({"computeConfig": {"enabled": True}}, "NotImplemented"),
    ],
)
def test_cluster_that_cannot_be_made_is_refused(cloud: Cloud, change: dict[str, Any], code: str) -> None:
    wanted = {"name": "refused", "roleArn": cloud.role, "resourcesVpcConfig": {"subnetIds": cloud.subnets}, **change}
    with pytest.raises(ClientError) as refused:
        cloud.client("eks").create_cluster(**wanted)
    assert code_of(refused.value) == code
