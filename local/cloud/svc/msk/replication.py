"""What a replicator's parameters mean for its engine, and how they are described. Pure."""

from __future__ import annotations

from typing import Any

from local.cloud.svc.msk.model import Replicator
from local.engines.kafka.replicator import Plan

_TOPIC_DEFAULTS = {
    "CopyAccessControlListsForTopics": False,
    "CopyTopicConfigurations": True,
    "DetectAndCopyNewTopics": True,
    "StartingPosition": {"Type": "LATEST"},
    "TopicNameConfiguration": {"Type": "PREFIXED_WITH_SOURCE_CLUSTER_ALIAS"},
    "TopicsToExclude": [],
}
_GROUP_DEFAULTS = {
    "ConsumerGroupsToExclude": [],
    "DetectAndCopyNewConsumerGroups": True,
    "SynchroniseConsumerGroupOffsets": True,
}


def completed(inputs: dict[str, Any]) -> dict[str, Any]:
    """A request's parameters with their defaults."""
    info = inputs["ReplicationInfoList"][0]
    topics = {**_TOPIC_DEFAULTS, **info["TopicReplication"]}
    groups = {**_GROUP_DEFAULTS, **info["ConsumerGroupReplication"]}
    return {
        **inputs,
        "ReplicationInfoList": [{**info, "TopicReplication": topics, "ConsumerGroupReplication": groups}],
    }


def changed(replicator: Replicator, request: dict[str, Any]) -> dict[str, Any]:
    """The parameters after an UpdateReplicationInfo."""
    info = dict(replicator.info)
    for name in ("TopicReplication", "ConsumerGroupReplication"):
        info[name] = {**info[name], **request.get(name, {})}
    return {**replicator.inputs, "ReplicationInfoList": [info]}


def alias(arn: str) -> str:
    """Of a cluster: its name, and the beginning of its id."""
    _, name, identifier = arn.rsplit("/", 2)
    return f"{name}-{identifier[:8]}"


def plan(replicator: Replicator, source: dict[str, Any], target: dict[str, Any]) -> Plan:
    """`source` and `target` are settings of clients of the clusters."""
    info = replicator.info
    topics, groups = info["TopicReplication"], info["ConsumerGroupReplication"]
    return Plan(
        id=replicator.identifier,
        source=source,
        target=target,
        alias=alias(info["SourceKafkaClusterArn"]),
        topics=tuple(topics["TopicsToReplicate"]),
        topics_excluded=tuple(topics["TopicsToExclude"]),
        groups=tuple(groups["ConsumerGroupsToReplicate"]),
        groups_excluded=tuple(groups["ConsumerGroupsToExclude"]),
        identical=topics["TopicNameConfiguration"].get("Type") == "IDENTICAL",
        new_topics=topics["DetectAndCopyNewTopics"],
        new_groups=groups["DetectAndCopyNewConsumerGroups"],
        configurations=topics["CopyTopicConfigurations"],
        offsets=groups["SynchroniseConsumerGroupOffsets"],
        latest=topics["StartingPosition"].get("Type") == "LATEST",
        compression=info["TargetCompressionType"].lower(),
    )


def described(replicator: Replicator) -> dict[str, Any]:
    """As DescribeReplicator returns it."""
    info = replicator.info
    answer = {
        **summary(replicator),
        "ReplicatorDescription": replicator.inputs.get("Description"),
        "ServiceExecutionRoleArn": replicator.inputs["ServiceExecutionRoleArn"],
        "Tags": replicator.tags,
        "KafkaClusters": [
            {**one, "KafkaClusterAlias": alias(one["AmazonMskCluster"]["MskClusterArn"])}
            for one in replicator.inputs["KafkaClusters"]
        ],
        "ReplicationInfoList": [
            {
                **_aliases(replicator),
                **{name: info[name] for name in ("TopicReplication", "ConsumerGroupReplication")},
                "TargetCompressionType": info["TargetCompressionType"],
            }
        ],
    }
    if replicator.trouble:
        answer["StateInfo"] = {"Code": "ReplicatorFailure", "Message": replicator.trouble}
    return answer


def summary(replicator: Replicator) -> dict[str, Any]:
    """As ListReplicators returns it."""
    return {
        "ReplicatorArn": replicator.arn,
        "ReplicatorResourceArn": replicator.arn,
        "ReplicatorName": replicator.name,
        "ReplicatorState": replicator.state,
        "CreationTime": replicator.created,
        "CurrentVersion": replicator.version,
        "IsReplicatorReference": False,
        "KafkaClustersSummary": [
            {
                "AmazonMskCluster": one["AmazonMskCluster"],
                "KafkaClusterAlias": alias(one["AmazonMskCluster"]["MskClusterArn"]),
            }
            for one in replicator.inputs["KafkaClusters"]
        ],
        "ReplicationInfoSummaryList": [_aliases(replicator)],
    }


def _aliases(replicator: Replicator) -> dict[str, str]:
    info = replicator.info
    return {
        "SourceKafkaClusterAlias": alias(info["SourceKafkaClusterArn"]),
        "TargetKafkaClusterAlias": alias(info["TargetKafkaClusterArn"]),
    }
