"""Whatever holds state has a counterpart in the other region of the pair."""

from __future__ import annotations

from collections.abc import Iterable

from infra.policies.copies import FIND, copies, takes_access_logs
from infra.policies.declared import Stack
from infra.policies.rule import StackRule, Violation
from infra.policies.stateful import STATEFUL

GLOBAL = frozenset({"aws:route53/zone:Zone"})
"""Of no region: Route 53 answers from all. https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/
global-services.html"""
COPIES = frozenset({"aws:elasticache/globalReplicationGroup:GlobalReplicationGroup", "aws:kms/replicaKey:ReplicaKey"})
"""By which a counterpart comes to be."""
MISSING = {
    "aws:eks/cluster:Cluster": "no cluster of this name is there",
    "aws:elasticache/replicationGroup:ReplicationGroup": "no GlobalReplicationGroup has it and a group there",
    "aws:kms/key:Key": "neither a ReplicaKey of it as a multi-Region key nor a key of this purpose is there",
    "aws:msk/cluster:Cluster": "no Replicators in both regions have it and a cluster there",
    "aws:opensearch/domain:Domain": "no domain of this name is there",
    "aws:rds/instance:Instance": "no instance there has it as its replicateSourceDb, or is its source",
    "aws:s3/bucket:Bucket": "no Enabled rule of a BucketReplicationConfig copies its SSE-KMS objects to a bucket there",
    "aws:secretsmanager/secret:Secret": "replicas does not name that region, and no region has one of its own",
}
_UNKNOWN = "nothing knows how its type is replicated; say so in infra/policies/copies.py"


def _check(stack: Stack) -> Iterable[Violation]:
    pair = stack.deployment.pair
    if pair is None:
        return
    for resource in stack.resources:
        other = pair.other(resource.region)
        if not other or resource.type not in STATEFUL - GLOBAL - COPIES or takes_access_logs(resource, stack):
            continue
        if all(copy.region != other for copy in copies(resource, stack)):
            missing = MISSING[resource.type] if resource.type in FIND else _UNKNOWN
            yield Violation(resource, f"has no counterpart in {other}: {missing}")


RULE = StackRule(
    "counterpart",
    "In a stack with a passive region, whatever holds state in one region of the pair has a counterpart in the other.",
    "A region can be lost at any moment, with everything that is in no other.",
    _check,
)
