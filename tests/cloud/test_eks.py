"""An EKS cluster is a Kubernetes control plane that knows AWS's identities; node groups are nodes in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fixtures.cloud import Cloud
from tests.fixtures.eks import NAME, nodes, run
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration


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
    enabled = [group["types"] for group in cluster["logging"]["clusterLogging"] if group["enabled"]]
    assert enabled == [["api", "audit"]]
    assert (cluster["tags"], cluster["version"]) == ({"team": "platform"}, "1.36")
    group = nodes(eks)
    assert "remoteAccess" not in group
    assert (group["capacityType"], group["diskSize"], group["labels"]) == ("SPOT", 30, {"aura/pool": "spot"})
    assert group["taints"] == [{"key": "aura/spot", "value": "true", "effect": "NO_SCHEDULE"}]
    assert eks.describe_addon(clusterName=NAME, addonName="vpc-cni")["addon"]["status"] == "ACTIVE"


def test_node_group_grows_and_shrinks(eks: Any, admin: dict[str, str]) -> None:
    for size in (2, 1):
        scaling = {"minSize": 1, "maxSize": 3, "desiredSize": size}
        eks.update_nodegroup_config(clusterName=NAME, nodegroupName="spot", scalingConfig=scaling)
        until("the group to be ACTIVE", lambda: nodes(eks)["status"] == "ACTIVE")
        assert run(admin, "kubectl", "get", "nodes", "-o", "name").stdout.count("node/") == size


def test_changed_labels_and_taints_reach_the_nodes(eks: Any, admin: dict[str, str]) -> None:
    def node() -> dict[str, Any]:
        return json.loads(run(admin, "kubectl", "get", "nodes", "-o", "json").stdout)["items"][0]

    asked = {"clusterName": NAME, "nodegroupName": "spot"}
    other = {"key": "aura/other", "value": "1", "effect": "PREFER_NO_SCHEDULE"}
    eks.update_nodegroup_config(
        **asked, labels={"addOrUpdateLabels": {"a": "b"}}, taints={"addOrUpdateTaints": [other]}
    )
    until("the group to be ACTIVE", lambda: nodes(eks)["status"] == "ACTIVE")
    assert node()["metadata"]["labels"]["a"] == "b"
    assert {taint["key"] for taint in node()["spec"]["taints"]} == {"aura/spot", "aura/other"}
    eks.update_nodegroup_config(**asked, labels={"removeLabels": ["a"]}, taints={"removeTaints": [other]})
    until("the group to be ACTIVE", lambda: nodes(eks)["status"] == "ACTIVE")
    assert "a" not in node()["metadata"]["labels"]
    assert {taint["key"] for taint in node()["spec"]["taints"]} == {"aura/spot"}


def test_killed_control_plane_comes_back_with_its_objects(cloud: Cloud, eks: Any, admin: dict[str, str]) -> None:
    assert run(admin, "kubectl", "create", "namespace", "kept").returncode == 0
    for part in ("kube-apiserver", "etcd"):
        cloud.engine(part).kill()
    until("the namespace to be there", lambda: "kept" in run(admin, "kubectl", "get", "namespaces").stdout, 60)
    until("the cluster to be ACTIVE", lambda: eks.describe_cluster(name=NAME)["cluster"]["status"] == "ACTIVE")
