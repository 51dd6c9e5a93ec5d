"""MSK Replicator: topics and places of consumer groups of one region's brokers, in the other's."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from infra.components.base import Component
from infra.pair.replicated_stream import ReplicatedStream

_ALL = [".*"]
_CLUSTER = ("Connect", "DescribeCluster", "AlterCluster", "WriteDataIdempotently")
_TOPIC = (
    *("DescribeTopic", "CreateTopic", "AlterTopic", "ReadData", "WriteData"),
    *("DescribeTopicDynamicConfiguration", "AlterTopicDynamicConfiguration"),
)
_GROUP = ("DescribeGroup", "AlterGroup")


class StreamReplicator(Component):
    """From `source` to `target`, in the region of `target`. The pair always has both directions.

    Two directions with identical topic names are safe: AWS documents that MSK Replicator copies nothing back (which
    MirrorMaker 2 with its IdentityReplicationPolicy does, for ever). And they are needed: the mode ENHANCED, which
    translates offsets of groups wherever producers write, demands the opposite replicator, and without it a group that
    moved has no place on the way back. So exchanged roles change neither of the two, and no record falls between one's
    end and the other's beginning. Translated offsets lie at or shortly before the true place, and are written only
    while the group has no member on the target: a consumer reads some records twice, and misses none that was copied.
    """

    def __init__(
        self, name: str, source: ReplicatedStream, target: ReplicatedStream, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__(name, opts)
        trust = {"Effect": "Allow", "Principal": {"Service": "kafka.amazonaws.com"}, "Action": "sts:AssumeRole"}
        role = aws.iam.Role(
            name,
            name=name,
            assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
            opts=self.child(),
        )
        statements = [one for arn in (source.arn, target.arn) for one in _statements(arn)]
        document = pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements})
        allowed = aws.iam.RolePolicy(name, name=name, role=role.name, policy=document, opts=self.child())
        self.replicator = aws.msk.Replicator(
            name,
            replicator_name=name,
            service_execution_role_arn=role.arn,
            kafka_clusters=[source.cluster, target.cluster],
            replication_info_list=_replication(source, target),
            opts=self.child(depends_on=[allowed, source.readable, target.readable]),
        )
        self.arn = self.replicator.arn
        self.register_outputs({"arn": self.arn})


def _statements(cluster: pulumi.Output[str]) -> list[dict[str, object]]:
    """For the cluster, its topics and its groups; ARNs of topics and groups are made of the cluster's."""

    def allow(verbs: tuple[str, ...], kind: str) -> dict[str, object]:
        of_kind = cluster.apply(lambda arn: arn if kind == "cluster" else f"{arn.replace(':cluster/', f':{kind}/')}/*")
        return {"Effect": "Allow", "Action": [f"kafka-cluster:{verb}" for verb in verbs], "Resource": of_kind}

    return [allow(_CLUSTER, "cluster"), allow(_TOPIC, "topic"), allow(_GROUP, "group")]


def _replication(source: ReplicatedStream, target: ReplicatedStream) -> aws.msk.ReplicatorReplicationInfoListArgs:
    topics = aws.msk.ReplicatorReplicationInfoListTopicReplicationArgs(
        topics_to_replicates=_ALL,
        detect_and_copy_new_topics=True,
        copy_topic_configurations=True,
        copy_access_control_lists_for_topics=False,  # there are none: the brokers' users are those of SCRAM
        # What came from the target is not copied back, so that the beginning is right for both directions.
        starting_position=aws.msk.ReplicatorReplicationInfoListTopicReplicationStartingPositionArgs(type="EARLIEST"),
        topic_name_configuration=aws.msk.ReplicatorReplicationInfoListTopicReplicationTopicNameConfigurationArgs(
            type="IDENTICAL"
        ),
    )
    groups = aws.msk.ReplicatorReplicationInfoListConsumerGroupReplicationArgs(
        consumer_groups_to_replicates=_ALL,
        detect_and_copy_new_consumer_groups=True,
        synchronise_consumer_group_offsets=True,
        consumer_group_offset_sync_mode="ENHANCED",
    )
    return aws.msk.ReplicatorReplicationInfoListArgs(
        source_kafka_cluster_arn=source.arn,
        target_kafka_cluster_arn=target.arn,
        target_compression_type="ZSTD",
        topic_replications=[topics],
        consumer_group_replications=[groups],
    )
