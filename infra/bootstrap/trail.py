"""Who called which API of AWS in this account: one trail of all regions, which whoever deploys cannot alter."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.bootstrap.config import AccountConfig
from infra.components.base import Component
from infra.components.bucket import policy, secure
from infra.components.key import Key, ServiceUser

_SERVICE = "cloudtrail.amazonaws.com"


class Trail(Component):
    """Management events, whose first copy costs nothing. Reads and writes of the platform's objects are in its access
    logs; those of the bootstrap's own buckets are not recorded."""

    def __init__(self, name: str, config: AccountConfig, opts: pulumi.ResourceOptions) -> None:
        super().__init__(name, opts)
        arn = f"arn:aws:cloudtrail:{config.region}:{config.account}:trail/{name}"
        user = ServiceUser(_SERVICE, "aws:SourceArn", arn)
        self.key = Key(name, "the log of API calls", config.account, config.keys, [user], opts=self.child())
        self.bucket = aws.s3.Bucket(name, bucket=f"{name}-{config.account}-{config.region}", opts=self.child())
        block = secure(self, name, self.bucket, self.key.arn, 1, config.trail_days).access_block
        written = pulumi.Output.concat(self.bucket.arn, f"/AWSLogs/{config.account}/*")
        owned = {"s3:x-amz-acl": "bucket-owner-full-control"}
        statements = [
            _allow("s3:GetBucketAcl", self.bucket.arn, {"aws:SourceArn": arn}),
            _allow("s3:PutObject", written, {"aws:SourceArn": arn, **owned}),
        ]
        admitted = policy(self, name, self.bucket, statements, block)
        aws.cloudtrail.Trail(
            name,
            name=name,
            s3_bucket_name=self.bucket.bucket,
            kms_key_id=self.key.arn,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            enable_logging=True,
            opts=self.child(depends_on=[admitted]),
        )
        self.register_outputs({})


def _allow(action: str, resource: pulumi.Input[str], condition: dict[str, str]) -> dict[str, object]:
    statement = {"Effect": "Allow", "Principal": {"Service": _SERVICE}, "Action": action, "Resource": resource}
    return {**statement, "Condition": {"StringEquals": condition}}
