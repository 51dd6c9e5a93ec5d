"""Replicators of Kafka clusters."""

from __future__ import annotations

from typing import Any

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Convert, Fresh, Kind, Literal, Search, SeparateCall, Tags, Waiter
from local.plugins.provider.values import Values

_PLURALS = {
    "topicsToReplicates": "TopicsToReplicate",
    "topicsToExcludes": "TopicsToExclude",
    "consumerGroupsToReplicates": "ConsumerGroupsToReplicate",
    "consumerGroupsToExcludes": "ConsumerGroupsToExclude",
    "securityGroupsIds": "SecurityGroupIds",
}
"""Names that are more than capitalised at AWS."""
_SINGULARS = {api: input for input, api in _PLURALS.items()}
_BLOCKS = {"topicReplications": "TopicReplication", "consumerGroupReplications": "ConsumerGroupReplication"}
"""Lists of one here, structures at AWS."""
_TOPICS = {
    "copyAccessControlListsForTopics": True,
    "copyTopicConfigurations": True,
    "detectAndCopyNewTopics": True,
    "topicsToExcludes": [],
}
_GROUPS = {
    "consumerGroupsToExcludes": [],
    "detectAndCopyNewConsumerGroups": True,
    "synchroniseConsumerGroupOffsets": True,
}
"""Defaults of the official provider, which it sends."""
_CREATED_ONLY = ("StartingPosition", "TopicNameConfiguration")


def _api(value: Any) -> Any:
    if isinstance(value, dict):
        return {_PLURALS.get(name, name[0].upper() + name[1:]): _api(item) for name, item in value.items()}
    return [_api(item) for item in value] if isinstance(value, list) else value


def _input(value: Any) -> Any:
    if isinstance(value, dict):
        return {_SINGULARS.get(name, name[0].lower() + name[1:]): _input(item) for name, item in value.items()}
    return [_input(item) for item in value] if isinstance(value, list) else value


def clusters(given: list[Values]) -> list[Any]:
    return _api(given)


def clusters_input(found: list[Values]) -> list[Any]:
    return [_input({key: value for key, value in one.items() if key != "KafkaClusterAlias"}) for one in found]


def info(given: Values) -> list[Any]:
    """AWS takes a list of one."""
    rest = {key: value for key, value in given.items() if key not in _BLOCKS and not key.endswith("Alias")}
    blocks = {api: _block(api, given[name]) for name, api in _BLOCKS.items() if given.get(name)}
    return [{**_api(rest), **blocks}]


def info_input(found: Values) -> Values:
    """`found`: the description. It names the clusters by their aliases."""
    known = found["ReplicationInfoList"][0]
    arns = {one["KafkaClusterAlias"]: one["AmazonMskCluster"]["MskClusterArn"] for one in found["KafkaClusters"]}
    return {
        "sourceKafkaClusterArn": arns.get(known["SourceKafkaClusterAlias"]),
        "targetKafkaClusterArn": arns.get(known["TargetKafkaClusterAlias"]),
        "targetCompressionType": known["TargetCompressionType"],
        **{name: [_input(known[api])] for name, api in _BLOCKS.items()},
    }


def _block(name: str, given: list[Values]) -> Values:
    return _api({**(_TOPICS if name == "TopicReplication" else _GROUPS), **given[0]})


def _update(old: Values, known: Values) -> list[Call]:
    """What is given whole is replaced whole; how topics are named and where they begin is decided once."""
    (wanted,) = info(known["replicationInfoList"])
    fields: dict[str, Any] = {
        "ReplicatorArn": "{id}",
        "CurrentVersion": "{currentVersion}",
        "SourceKafkaClusterArn": "{replicationInfoList.sourceKafkaClusterArn}",
        "TargetKafkaClusterArn": "{replicationInfoList.targetKafkaClusterArn}",
    }
    for block in _BLOCKS.values():
        kept = {key: value for key, value in wanted[block].items() if key not in _CREATED_ONLY}
        fields[block] = Literal(kept)
    return [Call("UpdateReplicationInfo", fields)]


_REFUSED = "the official provider declares the change and makes no call for it; replace the replicator"

KINDS = (
    Kind(
        type="aws:msk/replicator:Replicator",
        service="kafka",
        inputs=Inputs(
            source="internal/service/kafka/replicator.go",
            in_place="replicationInfoList.topicReplications replicationInfoList.consumerGroupReplications",
            replacing="kafkaClusters replicationInfoList.sourceKafkaClusterArn "
            "replicationInfoList.targetKafkaClusterArn replicationInfoList.targetCompressionType",
            refused=dict.fromkeys(("description", "replicatorName", "serviceExecutionRoleArn"), _REFUSED),
            computed={"currentVersion": "replicationInfoList.topicReplications"},
        ),
        create=Call("CreateReplicator", match=True),
        id=".ReplicatorArn",
        search=Search(
            Call("ListReplicators", {"ReplicatorNameFilter": "{replicatorName}"}),
            "Replicators[?ReplicatorName == '{replicatorName}'].ReplicatorArn",
        ),
        read=Call("DescribeReplicator", {"ReplicatorArn": "{id}"}),
        found="@",
        delete=Call("DeleteReplicator", {"ReplicatorArn": "{id}"}),
        name="replicatorName",
        convert={
            "kafkaClusters": Convert(clusters, clusters_input),
            "replicationInfoList": Convert(info, info_input),
        },
        observe={"description": "ReplicatorDescription", "replicationInfoList": "@"},
        fresh=Fresh("currentVersion", Call("DescribeReplicator", {"ReplicatorArn": "{id}"}), "CurrentVersion"),
        separate=(
            SeparateCall(
                ("replicationInfoList.topicReplications", "replicationInfoList.consumerGroupReplications"),
                _update,
                created=True,
            ),
        ),
        outputs={"arn": "ReplicatorArn", "currentVersion": "CurrentVersion"},
        ready=Waiter("ReplicatorState", frozenset({"RUNNING"}), frozenset({"FAILED"})),
        tags=Tags(
            create="Tags",
            form="map",
            set=Call("TagResource", {"ResourceArn": "{id}", "Tags": "{tagSet}"}),
            unset=Call("UntagResource", {"ResourceArn": "{id}", "TagKeys": "{tagKeys}"}),
        ),
    ),
)
