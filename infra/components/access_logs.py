"""A bucket for logs of who reached what: of the VPC's connections, of buckets, of CloudFront."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.components.base import Component
from infra.components.bucket import policy, secure
from infra.settings import settings


@settings
class AccessLogsConfig:
    retention_days: int
    force_destroy: bool
    """Whether destroying the stack may delete logs."""


class AccessLogs(Component):
    def __init__(
        self, name: str, bucket: str, account: str, config: AccessLogsConfig, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        self.bucket = aws.s3.Bucket(name, bucket=bucket, force_destroy=config.force_destroy, opts=self.child())
        block = secure(self, name, self.bucket, None, 1, config.retention_days).access_block
        # CloudFront writes as another account, by an ACL that it adds itself, and refuses a bucket without ACLs.
        self.takes_acls = aws.s3.BucketOwnershipControls(
            name,
            bucket=self.bucket.bucket,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerPreferred"),
            opts=self.child(),
        )
        writers = [_writes(self.bucket.arn, service, account) for service in ("logging.s3", "delivery.logs")]
        check = {
            "Effect": "Allow",
            "Principal": {"Service": "delivery.logs.amazonaws.com"},
            "Action": "s3:GetBucketAcl",
            "Resource": self.bucket.arn,
            "Condition": {"StringEquals": {"aws:SourceAccount": account}},
        }
        self._policy = policy(self, name, self.bucket, [*writers, check], block)
        self.register_outputs({"bucket": self.bucket.bucket})

    def of_bucket(self, parent: Component, name: str, bucket: aws.s3.Bucket) -> None:
        """Server access logs of a bucket in the same region."""
        aws.s3.BucketLogging(
            name,
            bucket=bucket.bucket,
            target_bucket=self.bucket.bucket,
            target_prefix=f"s3/{name}/",
            opts=parent.child(depends_on=[self._policy]),
        )

    def of_network(self, parent: Component, name: str, vpc: pulumi.Input[str]) -> None:
        """Flow logs of a VPC: accepted and rejected connections."""
        aws.ec2.FlowLog(
            name,
            vpc_id=vpc,
            traffic_type="ALL",
            log_destination_type="s3",
            log_destination=self.bucket.arn,
            max_aggregation_interval=600,
            tags={"Name": name},
            opts=parent.child(depends_on=[self._policy]),
        )


def _writes(bucket: pulumi.Output[str], service: str, account: str) -> dict[str, object]:
    """`service` without its domain; it writes for this account's resources only."""
    return {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": pulumi.Output.concat(bucket, "/*"),
        "Condition": {"StringEquals": {"aws:SourceAccount": account}},
    }
