"""S3 copies every new object of a bucket, and every delete marker, into the other region's bucket."""

from __future__ import annotations

import json
from typing import NamedTuple

import pulumi
import pulumi_aws as aws

from infra.components.base import Component
from infra.components.bucket import Secured

_MINUTES = 15
"""S3's Replication Time Control: AWS promises 99.99 % of the objects within these, and a metric and an event of others.
It offers no other number."""
_READ = [f"s3:GetObjectVersion{what}" for what in ("ForReplication", "Acl", "Tagging")]
_WRITE = [f"s3:Replicate{what}" for what in ("Object", "Delete", "Tags")]


class Side(NamedTuple):
    """A bucket, the key of its objects, and what replication has to come after."""

    bucket: aws.s3.Bucket
    key: pulumi.Input[str]
    secured: Secured


class BucketReplication(Component):
    """From `source` to `target`, in the region of `source`. A pair of buckets has one of these for each direction.

    A replica is not replicated again, so two directions make no circle. Objects from before, and deletions of single
    versions, are not copied: S3 repeats no permanent deletion.
    """

    def __init__(self, name: str, source: Side, target: Side, opts: pulumi.ResourceOptions) -> None:
        super().__init__(name, opts)
        trust = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
        role = aws.iam.Role(
            name,
            name=name,
            assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
            opts=self.child(),
        )
        document = pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": _statements(source, target)})
        allowed = aws.iam.RolePolicy(name, name=name, role=role.name, policy=document, opts=self.child())
        aws.s3.BucketReplicationConfig(
            name,
            bucket=source.bucket.bucket,
            role=role.arn,
            rules=[_rule(target)],
            opts=self.child(depends_on=[allowed, source.secured.versioning, target.secured.versioning]),
        )
        self.register_outputs({})


def _statements(source: Side, target: Side) -> list[dict[str, object]]:
    def allow(actions: list[str], resource: object) -> dict[str, object]:
        return {"Effect": "Allow", "Action": actions, "Resource": resource}

    return [
        allow(["s3:GetReplicationConfiguration", "s3:ListBucket"], source.bucket.arn),
        allow(_READ, pulumi.Output.concat(source.bucket.arn, "/*")),
        allow(_WRITE, pulumi.Output.concat(target.bucket.arn, "/*")),
        allow(["kms:Decrypt"], source.key),
        allow(["kms:Encrypt"], target.key),
    ]


def _rule(target: Side) -> aws.s3.BucketReplicationConfigRuleArgs:
    encrypted = aws.s3.BucketReplicationConfigRuleSourceSelectionCriteriaSseKmsEncryptedObjectsArgs(status="Enabled")
    return aws.s3.BucketReplicationConfigRuleArgs(
        id="other-region",
        status="Enabled",
        priority=1,
        filter=aws.s3.BucketReplicationConfigRuleFilterArgs(prefix=""),
        delete_marker_replication=aws.s3.BucketReplicationConfigRuleDeleteMarkerReplicationArgs(status="Enabled"),
        source_selection_criteria=aws.s3.BucketReplicationConfigRuleSourceSelectionCriteriaArgs(
            sse_kms_encrypted_objects=encrypted
        ),
        destination=aws.s3.BucketReplicationConfigRuleDestinationArgs(
            bucket=target.bucket.arn,
            encryption_configuration=aws.s3.BucketReplicationConfigRuleDestinationEncryptionConfigurationArgs(
                replica_kms_key_id=target.key
            ),
            replication_time=aws.s3.BucketReplicationConfigRuleDestinationReplicationTimeArgs(
                status="Enabled",
                time=aws.s3.BucketReplicationConfigRuleDestinationReplicationTimeTimeArgs(minutes=_MINUTES),
            ),
            metrics=aws.s3.BucketReplicationConfigRuleDestinationMetricsArgs(
                status="Enabled",
                event_threshold=aws.s3.BucketReplicationConfigRuleDestinationMetricsEventThresholdArgs(
                    minutes=_MINUTES
                ),
            ),
        ),
    )
