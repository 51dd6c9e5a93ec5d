"""What AWS refuses of replicators, rule by rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from local.cloud.service.errors import AwsError
from local.cloud.svc.msk.model import Replicator
from local.cloud.svc.msk.replication import changed, completed, described
from local.cloud.svc.msk.replicator_rules import ClusterFacts, Facts, check_creation
from local.cloud.svc.msk.security import check_connectivity

WEST, EAST = (
    f"arn:aws:kafka:{region}:123456789012:cluster/{name}/0000000{end}-1"
    for region, name, end in (("us-west-2", "west", "a"), ("us-east-1", "east", "b"))
)
GOOD = ClusterFacts("ACTIVE", 3, "kafka.m7g.large", iam=True, reachable=True, subnets=frozenset({"s"}))
FACTS = Facts("us-east-1", {WEST: GOOD, EAST: GOOD}, role=True, replicators=0)


def request() -> dict[str, Any]:
    topics = {"TopicsToReplicate": [".*"], "TopicNameConfiguration": {"Type": "IDENTICAL"}}
    info = {
        **{"SourceKafkaClusterArn": WEST, "TargetKafkaClusterArn": EAST, "TargetCompressionType": "NONE"},
        **{"TopicReplication": topics, "ConsumerGroupReplication": {"ConsumerGroupsToReplicate": [".*"]}},
    }
    clusters = [{"AmazonMskCluster": {"MskClusterArn": arn}, "VpcConfig": {"SubnetIds": ["s"]}} for arn in (WEST, EAST)]
    return {
        **{"ReplicatorName": "r", "ServiceExecutionRoleArn": "arn:aws:iam::123456789012:role/r"},
        **{"KafkaClusters": clusters, "ReplicationInfoList": [info]},
    }


def replicator() -> Replicator:
    return Replicator("us-east-1", "r", "arn/r/1", completed(request()), datetime(2026, 11, 28, tzinfo=UTC), {})


def test_a_whole_request_is_accepted() -> None:
    check_creation(request(), FACTS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"clusters": {WEST: GOOD}}, "does not exist"),
        ({"region": "us-west-2"}, "in the region of its target"),
        ({"role": False}, "role"),
        ({"replicators": 15}, "at most"),
        ({WEST: {"state": "UPDATING"}}, "must be ACTIVE"),
        ({WEST: {"brokers": 2}}, "3 at least"),
        ({EAST: {"instance_type": "kafka.t3.small"}}, "t3.small"),
        ({EAST: {"iam": False}}, "IAM access control"),
        ({WEST: {"reachable": False}}, "multi-VPC"),
        ({EAST: {"subnets": frozenset()}}, "Subnets"),
    ],
)
def test_clusters_that_cannot_be_replicated_are_refused(change: dict[str, Any], message: str) -> None:
    ours = {key: value for key, value in change.items() if not key.startswith("arn:")}
    clusters = {arn: replace(GOOD, **change.get(arn, {})) for arn in (WEST, EAST)}
    facts = replace(FACTS, **{"clusters": clusters, **ours})
    with pytest.raises(AwsError, match=message) as refused:
        check_creation(request(), facts)
    assert refused.value.code == "BadRequestException"


def test_the_target_needs_no_private_connectivity() -> None:
    check_creation(request(), replace(FACTS, clusters={WEST: GOOD, EAST: replace(GOOD, reachable=False)}))


@pytest.mark.parametrize(
    ("block", "name", "value", "code"),
    [
        ("TopicReplication", "TopicsToReplicate", ["("], "BadRequestException"),
        ("ConsumerGroupReplication", "ConsumerGroupsToExclude", ["x"] * 101, "BadRequestException"),
        ("TopicReplication", "CopyAccessControlListsForTopics", True, "NotImplemented"),
    ],
)
def test_patterns_and_what_cannot_be_done(block: str, name: str, value: Any, code: str) -> None:
    inputs = request()
    inputs["ReplicationInfoList"][0][block][name] = value
    with pytest.raises(AwsError) as refused:
        check_creation(inputs, FACTS)
    assert refused.value.code == code


def test_a_description_names_clusters_by_aliases_and_has_the_defaults() -> None:
    answer = described(replicator())
    info = answer["ReplicationInfoList"][0]
    assert [one["KafkaClusterAlias"] for one in answer["KafkaClusters"]] == ["west-0000000a", "east-0000000b"]
    assert (info["SourceKafkaClusterAlias"], info["TargetKafkaClusterAlias"]) == ("west-0000000a", "east-0000000b")
    assert info["TopicReplication"]["DetectAndCopyNewTopics"] is True
    assert info["ConsumerGroupReplication"]["SynchroniseConsumerGroupOffsets"] is True


def test_an_update_replaces_what_it_names() -> None:
    known = replicator()
    after = changed(known, {"TopicReplication": {"TopicsToReplicate": ["x"]}})
    topics = after["ReplicationInfoList"][0]["TopicReplication"]
    assert (topics["TopicsToReplicate"], topics["TopicNameConfiguration"]) == (["x"], {"Type": "IDENTICAL"})
    assert known.info["TopicReplication"]["TopicsToReplicate"] == [".*"]
    assert completed(request()) == completed(completed(request()))


@pytest.mark.parametrize(
    ("iam", "anonymous", "refused"), [(True, False, False), (False, False, True), (True, True, True)]
)
def test_other_vpcs_reach_what_has_a_name(iam: bool, anonymous: bool, refused: bool) -> None:
    ways = {"VpcConnectivity": {"ClientAuthentication": {"Sasl": {"Iam": {"Enabled": True}}}}}
    methods = {"Sasl": {"Iam": {"Enabled": iam}, "Scram": {"Enabled": True}}, "Unauthenticated": {"Enabled": anonymous}}
    inputs = {"BrokerNodeGroupInfo": {"ConnectivityInfo": ways}, "ClientAuthentication": methods}
    if refused:
        with pytest.raises(AwsError):
            check_connectivity(inputs)
    else:
        check_connectivity(inputs)
