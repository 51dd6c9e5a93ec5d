"""What AWS refuses of replicators: one table of rules, each with its source. All are BadRequestException.

Sources: CreateReplicator and UpdateReplicationInfo in the API reference; "Prepare source and target clusters",
"Supported cluster types and versions" and "Quotas" of MSK Replicator in the developer guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.cloud.service.errors import AwsError, unsupported
from local.cloud.svc.msk.rules import GUIDE, REFERENCE

Inputs = dict[str, Any]
MOST = 15
LEAST_BROKERS = 3


@dataclass(frozen=True)
class ClusterFacts:
    """Of a cluster that a request names."""

    state: str
    brokers: int
    instance_type: str
    iam: bool
    """Whether clients can come with IAM, as a replicator does."""
    reachable: bool
    """Whether clients with IAM can come from other VPCs."""
    subnets: frozenset[str]
    """Those of its VPC, of the ones that the request names."""


@dataclass(frozen=True)
class Facts:
    region: str
    clusters: Mapping[str, ClusterFacts]
    """By ARN; without those that do not exist."""
    role: bool
    """Whether the role exists and lets Amazon MSK assume it."""
    replicators: int


def region_of(arn: str) -> str:
    return (arn.split(":") + [""] * 4)[3]


def arns(inputs: Inputs) -> list[str]:
    """Of the clusters that it is given."""
    return [one.get("AmazonMskCluster", {}).get("MskClusterArn", "") for one in inputs["KafkaClusters"]]


def shape(inputs: Inputs, facts: Facts) -> str | None:
    if len(inputs["KafkaClusters"]) != 2 or len(inputs["ReplicationInfoList"]) != 1:
        return "A replicator has two Kafka clusters and one replication info."
    if len({*arns(inputs)}) != 2:
        return "The source and the target must be different clusters."
    info = inputs["ReplicationInfoList"][0]
    if {info.get("SourceKafkaClusterArn"), info.get("TargetKafkaClusterArn")} != {*arns(inputs)}:
        return "The source and the target must be the two Kafka clusters of the replicator."
    return None


def target_region(inputs: Inputs, facts: Facts) -> str | None:
    target = inputs["ReplicationInfoList"][0]["TargetKafkaClusterArn"]
    return None if region_of(target) == facts.region else f"A replicator is made in the region of its target, {target}."


def clusters(inputs: Inputs, facts: Facts) -> str | None:
    for arn in arns(inputs):
        known = facts.clusters.get(arn)
        if known is None:
            return f"The cluster {arn} does not exist."
        if known.state != "ACTIVE":
            return f"The cluster {arn} is {known.state}; it must be ACTIVE."
        if known.brokers < LEAST_BROKERS:
            return f"The cluster {arn} has {known.brokers} brokers; a replicator needs {LEAST_BROKERS} at least."
        if known.instance_type == "kafka.t3.small":
            return f"The cluster {arn} has brokers of type t3.small, which replicators do not support."
        if not known.iam:
            return f"The cluster {arn} has no IAM access control, which a replicator needs."
    return None


def connectivity(inputs: Inputs, facts: Facts) -> str | None:
    info = inputs["ReplicationInfoList"][0]
    source, target = info["SourceKafkaClusterArn"], info["TargetKafkaClusterArn"]
    if region_of(source) != region_of(target) and not facts.clusters[source].reachable:
        return f"The source {source} has no multi-VPC private connectivity for IAM, which another region needs."
    return None


def subnets(inputs: Inputs, facts: Facts) -> str | None:
    for one, arn in zip(inputs["KafkaClusters"], arns(inputs), strict=True):
        asked = one["VpcConfig"]["SubnetIds"]
        missing = [subnet for subnet in asked if subnet not in facts.clusters[arn].subnets]
        if missing or not asked:
            return f"Subnets of the VPC of {arn} must be named; {', '.join(missing) or 'none'} cannot be used."
    return None


def role(inputs: Inputs, facts: Facts) -> str | None:
    return None if facts.role else "The role does not exist, or kafka.amazonaws.com may not assume it."


def patterns(inputs: Inputs, facts: Facts) -> str | None:
    return bad_patterns(inputs["ReplicationInfoList"][0])


def quota(inputs: Inputs, facts: Facts) -> str | None:
    return f"An account has {MOST} replicators at most in a region." if facts.replicators >= MOST else None


CREATION: tuple[tuple[Callable[[Inputs, Facts], str | None], str], ...] = (
    (shape, f"{REFERENCE}/v1-replicators.html"),
    (target_region, f"{GUIDE}/msk-replicator-create-console.html"),
    (clusters, f"{GUIDE}/msk-replicator-supported-clusters-versions.html"),
    (connectivity, f"{GUIDE}/msk-replicator-network-reqs.html"),
    (subnets, f"{GUIDE}/msk-replicator-create-console.html"),
    (role, f"{GUIDE}/msk-replicator-create-iam-perms.html"),
    (patterns, f"{REFERENCE}/v1-replicators.html"),
    (quota, f"{GUIDE}/limits.html"),
)
"""(rule: the message of the refusal or None, its source). A rule may rely on those before it."""


def check_creation(inputs: Inputs, facts: Facts) -> None:
    """Raises AwsError for what AWS refuses, and for what it does and this cloud does not."""
    refuse_unsupported(inputs)
    for rule, _ in CREATION:
        if message := rule(inputs, facts):
            raise AwsError("BadRequestException", message)


def refuse_unsupported(inputs: Inputs) -> None:
    for one in inputs.get("KafkaClusters", []):
        if "ApacheKafkaCluster" in one or "ClientAuthentication" in one:
            raise unsupported("replicators of clusters that are not Amazon MSK's")
    for info in (*inputs.get("ReplicationInfoList", []), inputs):
        if info.get("TopicReplication", {}).get("CopyAccessControlListsForTopics"):
            raise unsupported("copying ACLs of topics; set CopyAccessControlListsForTopics to false")
    delivery = inputs.get("LogDelivery", {}).get("ReplicatorLogDelivery", {})
    if any(log.get("Enabled") for log in delivery.values()):
        raise unsupported("delivering the logs of replicators")


def bad_patterns(info: Inputs) -> str | None:
    """Of topics and groups: what is no regular expression, or too many of them."""
    topics, groups = info.get("TopicReplication", {}), info.get("ConsumerGroupReplication", {})
    for name, most in (("TopicsToReplicate", 100), ("TopicsToExclude", 100)):
        if message := _bad(name, topics.get(name, []), most):
            return message
    for name, most in (("ConsumerGroupsToReplicate", 100), ("ConsumerGroupsToExclude", 100)):
        if message := _bad(name, groups.get(name, []), most):
            return message
    return None


def _bad(name: str, asked: list[str], most: int) -> str | None:
    if len(asked) > most:
        return f"{name} has {len(asked)} patterns; the most is {most}."
    for pattern in asked:
        try:
            re.compile(pattern)
        except re.error as error:
            return f"{name}: {pattern} is no regular expression: {error}."
    return None
