"""What a stack with `aura:protect` cannot delete or replace: whatever holds state."""

from __future__ import annotations

import pulumi

STATEFUL = frozenset(
    {
        "aws:eks/cluster:Cluster",
        "aws:elasticache/globalReplicationGroup:GlobalReplicationGroup",
        "aws:elasticache/replicationGroup:ReplicationGroup",
        "aws:kms/key:Key",
        "aws:kms/replicaKey:ReplicaKey",
        "aws:msk/cluster:Cluster",
        "aws:opensearch/domain:Domain",
        "aws:rds/instance:Instance",
        "aws:route53/zone:Zone",
        "aws:s3/bucket:Bucket",
        "aws:secretsmanager/secret:Secret",
    }
)
"""Types whose deletion loses what a repetition of `pulumi up` does not bring back."""


def protect_state() -> None:
    """From here on every resource of these types is declared with Pulumi's `protect`."""
    pulumi.runtime.register_stack_transformation(_protected)


def _protected(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
    if args.type_ not in STATEFUL:
        return None
    options = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(protect=True))
    return pulumi.ResourceTransformationResult(args.props, options)
