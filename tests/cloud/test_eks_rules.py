"""EKS's rules without EKS: every value of a kind is refused or accepted as AWS documents it."""

from __future__ import annotations

import dataclasses
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.ec2.models.instance_types import INSTANCE_TYPES

from local.cloud.authorization.trust import may_assume, trusts
from local.cloud.moto_backends.compute import architectures
from local.cloud.service.errors import AwsError
from local.cloud.svc.eks.authentication.policies import ARN, POLICIES, allows
from local.cloud.svc.eks.model import Cluster
from local.cloud.svc.eks.rules import versions
from local.cloud.svc.eks.rules.access import ENTRY_RULES, EntryFacts
from local.cloud.svc.eks.rules.config_updates import LOG_TYPES, classify, merged_logging, next_mode
from local.cloud.svc.eks.rules.node_groups import RULES, NodeGroupFacts, architecture
from local.cloud.svc.eks.rules.syntax import bad_labels, is_label_key, is_namespace
from local.cloud.svc.eks.rules.table import check
from local.cloud.svc.eks.rules.templates import TEMPLATE_RULES, TemplateFacts

AMI_TYPES = ("AL2023_x86_64_STANDARD", "AL2023_ARM_64_STANDARD", "BOTTLEROCKET_ARM_64", "BOTTLEROCKET_x86_64")
ROLE = "arn:aws:iam::123456789012:role/somebody"
PODS = "pods.eks.amazonaws.com"
word = st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=20)
FACTS = NodeGroupFacts(
    {
        "nodegroupName": "nodes",
        "amiType": "AL2023_x86_64_STANDARD",
        "capacityType": "ON_DEMAND",
        "instanceTypes": ["t3.medium"],
        "diskSize": 20,
        "subnets": ["subnet-1"],
        "nodeRole": ROLE,
        "labels": {},
        "taints": [],
        "tags": {},
        "scalingConfig": {"minSize": 1, "maxSize": 2, "desiredSize": 2},
        "updateConfig": {"maxUnavailable": 1},
    },
    others=0,
    cluster_vpc="vpc-1",
    kubernetes=36,
    subnet_vpcs=frozenset({"vpc-1"}),
    node_role_trusts_ec2=True,
    architectures={"t3.medium": ("x86_64",)},
)


def refused(change: dict[str, Any], **facts: Any) -> bool:
    inputs = {**FACTS.inputs, **change}
    known = {"architectures": architectures(inputs["instanceTypes"]), **facts}
    try:
        check(RULES, dataclasses.replace(FACTS, inputs=inputs, **known))
    except AwsError:
        return True
    return False


def test_facts_that_break_no_rule_are_accepted() -> None:
    assert not refused({})


@given(st.sampled_from(AMI_TYPES), st.lists(st.sampled_from(sorted(INSTANCE_TYPES)), min_size=1, max_size=4))
def test_instance_types_have_the_architecture_of_the_ami(ami_type: str, types: list[str]) -> None:
    fits = all(architecture(ami_type) in known for known in architectures(types).values())
    assert refused({"amiType": ami_type, "instanceTypes": types}) is not fits


@given(*[st.integers(0, 600)] * 3)
def test_sizes_rise_from_least_to_most(least: int, wanted: int, most: int) -> None:
    sizes = {"minSize": least, "desiredSize": wanted, "maxSize": most}
    assert refused({"scalingConfig": sizes}) is not (least <= wanted <= most <= 450)


@given(st.integers(-5, 40000))
def test_disk_holds_the_image_and_is_a_volume_of_ebs(size: int) -> None:
    assert refused({"diskSize": size}) is not (20 <= size <= 16384)


@given(word, st.sampled_from(["kubernetes.io", "node.kubernetes.io", "k8s.io", "x.eks.amazonaws.com"]))
def test_labels_of_kubernetes_and_eks_are_reserved(name: str, prefix: str) -> None:
    assert bad_labels({f"{prefix}/{name}": "x"})
    assert bool(bad_labels({f"my.{prefix}.example/{name}": "x"})) is not is_label_key(name)


@given(st.sampled_from(["system:", "system:masters", "system:nodes"]), st.lists(word, max_size=3))
def test_group_of_the_system_is_refused_wherever_it_stands(group: str, others: list[str]) -> None:
    for groups in ([group, *others], [*others, group]):
        with pytest.raises(AwsError, match="cannot start with system:"):
            check(ENTRY_RULES, EntryFacts({"principalArn": ROLE, "kubernetesGroups": groups}, "123456789012", True))
    check(ENTRY_RULES, EntryFacts({"principalArn": ROLE, "kubernetesGroups": others}, "123456789012", True))


@given(st.integers(20, 45), st.integers(20, 45))
def test_control_plane_goes_up_by_one(current: int, asked: int) -> None:
    try:
        versions.check_cluster_update(f"1.{current}", f"1.{asked}", "1.36")
        code = ""
    except AwsError as error:
        code = error.code
    if asked == current + 1 and 29 < asked <= 36:
        assert code == ("" if asked == 36 else "NotImplemented")
    else:
        assert code == "InvalidParameterException"


@given(st.integers(20, 45))
def test_nodes_are_at_most_three_versions_behind(asked: int) -> None:
    try:
        versions.check_nodes(f"1.{asked}", "1.36", "1.36")
        code = ""
    except AwsError as error:
        code = error.code
    assert code == ("" if asked == 36 else "NotImplemented" if 33 <= asked < 36 else "InvalidParameterException")


def test_authentication_modes_go_one_way() -> None:
    modes = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")
    possible = set()
    for current in modes:
        for asked in modes:
            try:
                possible.add((current, next_mode(current, asked)))
            except AwsError as error:
                assert error.code == "InvalidParameterException"
    assert possible == {(modes[0], modes[1]), (modes[1], modes[2])}


@given(st.lists(st.tuples(st.lists(st.sampled_from(LOG_TYPES), unique=True), st.booleans()), max_size=5))
def test_each_type_of_log_is_on_or_off(changes: list[tuple[list[str], bool]]) -> None:
    logging: dict[str, Any] = {}
    on: set[str] = set()
    for types, enabled in changes:
        logging = merged_logging(logging, {"clusterLogging": [{"types": types, "enabled": enabled}]})
        on = on | set(types) if enabled else on - set(types)
    groups = {group["enabled"]: group["types"] for group in merged_logging(logging, {})["clusterLogging"]}
    assert set(groups.get(True, [])) == on
    assert sorted(kind for types in groups.values() for kind in types) == sorted(LOG_TYPES)


def test_an_update_is_of_one_kind() -> None:
    network = {"endpointPublicAccess": True, "publicAccessCidrs": ["1.2.3.4/32"]}
    kind, params = classify({"resourcesVpcConfig": network})
    assert (kind, params) == (
        "EndpointAccessUpdate",
        {"EndpointPublicAccess": True, "PublicAccessCidrs": ["1.2.3.4/32"]},
    )
    for changes in ({"resourcesVpcConfig": {**network, "subnetIds": ["s"]}}, {}, {"resourcesVpcConfig": {}}):
        with pytest.raises(AwsError) as refusal:
            classify(changes)
        assert refusal.value.code == "InvalidParameterException"


@pytest.mark.parametrize(
    "data",
    [
        {"IamInstanceProfile": {"Name": "x"}},
        {"InstanceMarketOptions": {"MarketType": "spot"}},
        {"NetworkInterfaces": [{"SubnetId": "subnet-1"}]},
        {"HibernationOptions": {"Configured": True}},
        {"MetadataOptions": {"HttpPutResponseHopLimit": 65}},
    ],
)
def test_launch_template_of_a_node_group_leaves_to_eks_what_is_its(data: dict[str, Any]) -> None:
    asked = {"launchTemplate": {"id": "lt-1"}}
    check(TEMPLATE_RULES, TemplateFacts(asked, {"MetadataOptions": {"HttpTokens": "required"}}))
    with pytest.raises(AwsError) as refusal:
        check(TEMPLATE_RULES, TemplateFacts(asked, data))
    assert refusal.value.code == "InvalidParameterException"


def statement(effect: str = "Allow", **change: Any) -> dict[str, Any]:
    both = ["sts:AssumeRole", "sts:TagSession"]
    return {"Effect": effect, "Principal": {"Service": PODS}, "Action": both, **change}


@pytest.mark.parametrize(
    ("statements", "trusted"),
    [
        ([statement()], True),
        ([statement(Action="sts:AssumeRole")], False),
        ([statement(Action="sts:AssumeRole"), statement(Action="sts:TagSession")], True),
        ([statement(Action="sts:*")], True),
        ([statement(Principal={"Service": ["ec2.amazonaws.com", PODS]})], True),
        ([statement(Principal={"Service": "ec2.amazonaws.com"})], False),
        ([statement(Principal={"AWS": "*"})], False),
        ([statement("Deny")], False),
        ([], False),
    ],
)
def test_role_of_pods_trusts_them(statements: list[dict[str, Any]], trusted: bool) -> None:
    document = {"Version": "2012-10-17", "Statement": statements}
    assert trusts(document, PODS, ("sts:AssumeRole", "sts:TagSession")) is trusted


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([statement()], True),
        ([statement(Condition={"StringEquals": {"aws:RequestTag/kubernetes-namespace": "shop"}})], True),
        ([statement(Condition={"StringEquals": {"aws:RequestTag/kubernetes-namespace": ["a", "b"]}})], False),
        ([statement(Condition={"StringLike": {"aws:requesttag/kubernetes-namespace": "sh*"}})], True),
        ([statement(Condition={"StringEquals": {"aws:RequestTag/unknown": "x"}})], False),
        ([statement(Condition={"StringNotEquals": {"aws:RequestTag/kubernetes-namespace": "shop"}})], False),
        ([statement(Condition={"Bool": {"aws:SecureTransport": "true"}})], False),
        ([statement(), statement("Deny", Condition={"Bool": {"aws:SecureTransport": "true"}})], False),
        ([statement(), statement("Deny")], False),
    ],
)
def test_role_is_assumed_under_its_conditions(statements: list[dict[str, Any]], allowed: bool) -> None:
    document = {"Version": "2012-10-17", "Statement": statements}
    assert may_assume(document, {"aws:RequestTag/kubernetes-namespace": "shop"}) is allowed


def asks(verb: str, resource: str, namespace: str = "", group: str = "") -> dict[str, Any]:
    resource, _, subresource = resource.partition("/")
    attributes = {"verb": verb, "resource": resource, "subresource": subresource, "namespace": namespace}
    return {"resourceAttributes": {**attributes, "group": group}}


@given(st.sampled_from(sorted(POLICIES)), st.sampled_from(["a", "team-a", "team", "b", ""]))
def test_policy_of_namespaces_ends_at_them(policy: str, namespace: str) -> None:
    scope = {"type": "namespace", "namespaces": ["a", "team-*"]}
    inside = [{"policyArn": policy, "accessScope": scope}]
    everywhere = [{"policyArn": policy, "accessScope": {"type": "cluster"}}]
    for resource in ("pods", "secrets", "nodes"):
        request = asks("list", resource, namespace)
        assert allows(inside, request) is (allows(everywhere, request) and namespace in ("a", "team-a"))


@pytest.mark.parametrize(
    ("policy", "request_", "allowed"),
    [
        ("View", asks("list", "pods", "x"), True),
        ("View", asks("get", "pods/log", "x"), True),
        ("View", asks("get", "secrets", "x"), False),
        ("View", asks("create", "pods/exec", "x"), False),
        ("View", asks("list", "auraservices", "x", "aura.example"), False),
        ("Edit", asks("create", "pods/exec", "x"), True),
        ("Edit", asks("create", "roles", "x", "rbac.authorization.k8s.io"), False),
        ("Admin", asks("create", "roles", "x", "rbac.authorization.k8s.io"), True),
        ("Admin", asks("list", "nodes"), False),
        ("AdminView", asks("list", "auraservices", "x", "aura.example"), True),
        ("AdminView", asks("delete", "pods", "x"), False),
        ("ClusterAdmin", asks("delete", "nodes"), True),
        ("ClusterAdmin", {"nonResourceAttributes": {"verb": "get", "path": "/metrics"}}, True),
        ("AdminView", {"nonResourceAttributes": {"verb": "get", "path": "/metrics"}}, False),
    ],
)
def test_policies_allow_what_their_tables_say(policy: str, request_: dict[str, Any], allowed: bool) -> None:
    associated = [{"policyArn": f"{ARN}AmazonEKS{policy}Policy", "accessScope": {"type": "cluster"}}]
    assert allows(associated, request_) is allowed


@given(st.text(max_size=70))
def test_namespaces_are_dns_labels(name: str) -> None:
    legal = set(string.ascii_lowercase + string.digits + "-")
    expected = 0 < len(name) <= 63 and set(name) <= legal and name[0] != "-" and name[-1] != "-"
    assert is_namespace(name) is expected


def test_state_written_before_a_field_existed_has_its_default() -> None:
    old = Cluster.__new__(Cluster)
    old.__setstate__({"region": "us-west-2", "name": "old"})
    assert (old.name, old.associations, old.history, old.provisioned) == ("old", {}, {}, "")
