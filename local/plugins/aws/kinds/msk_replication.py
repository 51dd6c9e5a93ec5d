"""What replicates Kafka between clusters: replicators, and the policies by which clusters let them read."""

from __future__ import annotations

from typing import Any

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Fresh, Kind, Search, Tags, Waiter
from local.plugins.provider.values import Values

_TOPICS = {
    "topicsToReplicates": "TopicsToReplicate",
    "topicsToExcludes": "TopicsToExclude",
}
_GROUPS = {
    "consumerGroupsToReplicates": "ConsumerGroupsToReplicate",
    "consumerGroupsToExcludes": "ConsumerGroupsToExclude",
}


def _renamed(given: Values, names: dict[str, str]) -> Values:
    return {names.get(key, key): value for key, value in given.items()}


def _clusters(known: Values) -> Any:
    clusters = known.get("kafkaClusters")
    if not isinstance(clusters, list):
        return None
    groups = {"securityGroupsIds": "securityGroupIds"}
    return [{**one, "vpcConfig": _renamed(one["vpcConfig"], groups)} for one in clusters]


def _replication(known: Values) -> Any:
    given = known.get("replicationInfoList")
    if not isinstance(given, dict):
        return None
    same = {key: value for key, value in given.items() if key not in ("topicReplications", "consumerGroupReplications")}
    topics, groups = (given[each][0] for each in ("topicReplications", "consumerGroupReplications"))  # AWS has one
    return [
        {
            **same,
            "TopicReplication": _renamed(topics, _TOPICS),
            "ConsumerGroupReplication": _renamed(groups, _GROUPS),
        }
    ]


_POLICY = {"ClusterArn": "{clusterArn}", "Policy": "{policy}"}

KINDS = (
    Kind(
        type="aws:msk/replicator:Replicator",
        service="kafka",
        create=Call(
            "CreateReplicator",
            {
                "ReplicatorName": "{replicatorName}",
                "ServiceExecutionRoleArn": "{serviceExecutionRoleArn}",
                "Description": "{description}",
                "KafkaClusters": "{apiClusters}",
                "ReplicationInfoList": "{apiReplication}",
            },
        ),
        id=".ReplicatorArn",
        derive={"apiClusters": _clusters, "apiReplication": _replication},
        derived_from=frozenset({"kafkaClusters", "replicationInfoList"}),
        search=Search(
            Call("ListReplicators", {"ReplicatorNameFilter": "{replicatorName}"}),
            "Replicators[?ReplicatorName == '{replicatorName}'].ReplicatorArn",
        ),
        read=Call("DescribeReplicator", {"ReplicatorArn": "{id}"}),
        found="@",
        fresh=Fresh("currentVersion", Call("DescribeReplicator", {"ReplicatorArn": "{id}"}), "CurrentVersion"),
        delete=Call("DeleteReplicator", {"ReplicatorArn": "{id}", "CurrentVersion": "{currentVersion}"}),
        name="replicatorName",
        observe={"description": "ReplicatorDescription", "kafkaClusters": "", "replicationInfoList": ""},
        inputs=Inputs(
            source="internal/service/kafka/replicator.go",
            replacing="description kafkaClusters replicatorName serviceExecutionRoleArn",
            refused={
                "replicationInfoList": "AWS changes topics and groups of a replicator by UpdateReplicationInfo, which "
                "is not made here; delete the replicator first"
            },
        ),
        outputs={"arn": "ReplicatorArn"},
        ready=Waiter("ReplicatorState", frozenset({"RUNNING"})),
        delete_before_replace=True,
        tags=Tags(
            create="Tags",
            form="map",
            set=Call("TagResource", {"ResourceArn": "{id}", "Tags": "{tagSet}"}),
            unset=Call("UntagResource", {"ResourceArn": "{id}", "TagKeys": "{tagKeys}"}),
        ),
    ),
    Kind(
        type="aws:msk/clusterPolicy:ClusterPolicy",
        service="kafka",
        create=Call("PutClusterPolicy", _POLICY),
        modify=Call("PutClusterPolicy", _POLICY),
        id="{clusterArn}",
        upsert=True,
        read=Call("GetClusterPolicy", {"ClusterArn": "{clusterArn}"}),
        found="@",
        delete=Call("DeleteClusterPolicy", {"ClusterArn": "{clusterArn}"}),
        observe={"clusterArn": "", "policy": "Policy"},
        documents=frozenset({"policy"}),
        inputs=Inputs(source="internal/service/kafka/cluster_policy.go", in_place="policy", replacing="clusterArn"),
    ),
)
