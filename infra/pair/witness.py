"""A bucket in a third region, in which the two others agree who is active and how far data was copied."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from contracts.lease import LEASE_KEY
from contracts.platform import NAMESPACE
from contracts.recovery_point import PREFIX, RECORDER_SERVICE
from contracts.region_state import REGION_SERVICE
from infra.components.access_logs import AccessLogs
from infra.components.base import Component
from infra.components.bucket import policy, secure
from infra.components.key import Key
from infra.components.roles import ServiceAccountRole
from infra.region_config import RegionConfig

_LEASE = f"{LEASE_KEY.partition('/')[0]}/"
_OLD_VERSIONS_DAYS = 7
"""A lease is written every few seconds, and each is a version: enough to see afterwards who held it when."""


class Witness(Component):
    """S3 decides by If-None-Match and If-Match which of two writers was first, and its answer is the same to everyone.

    The bucket takes no other writes, from whomever: who writes without a condition has not looked. And nobody deletes
    the lease: without it, whose term has not ended yet would be known to nobody.
    """

    def __init__(
        self, name: str, domain: str, account: str, config: RegionConfig, opts: pulumi.ResourceOptions
    ) -> None:
        """`config` is that of the home region: how long logs and keys are kept."""
        super().__init__(name, opts)
        suffix, inside = domain.replace(".", "-"), self.child()
        logs = AccessLogs(f"{name}-logs", f"{name}-logs-{suffix}", account, config.access_logs, inside)
        self.key = key = Key(name, "what the regions agree on", account, config.keys, opts=inside).arn
        self.bucket = aws.s3.Bucket(
            name, bucket=f"{name}-{suffix}", force_destroy=config.backups.force_destroy, opts=inside
        )
        secured = secure(self, name, self.bucket, key, _OLD_VERSIONS_DAYS)
        policy(self, name, self.bucket, _statements(self.bucket.arn), secured.access_block)
        logs.of_bucket(self, name, self.bucket)
        self.register_outputs({"bucket": self.bucket.bucket})

    def keeper(self, name: str, cluster: pulumi.Input[str], opts: pulumi.ResourceOptions) -> ServiceAccountRole:
        """Of the service `region` of a cluster: it reads and writes the lease."""
        statements = [self._objects(_LEASE, "s3:GetObject", "s3:PutObject"), *self._bucket()]
        return ServiceAccountRole(name, cluster, f"{NAMESPACE}:{REGION_SERVICE}", statements, opts=opts)

    def recorder(self, name: str, cluster: pulumi.Input[str], opts: pulumi.ResourceOptions) -> ServiceAccountRole:
        """Of the recorder of a cluster: it writes recovery points, reads the lease, and asks how far the replicator of
        topics is behind."""
        statements = [
            self._objects(_LEASE, "s3:GetObject"),
            self._objects(PREFIX, "s3:GetObject", "s3:PutObject"),
            *self._bucket(),
            {"Effect": "Allow", "Action": "cloudwatch:GetMetricStatistics", "Resource": "*"},
        ]
        return ServiceAccountRole(name, cluster, f"{NAMESPACE}:{RECORDER_SERVICE}", statements, opts=opts)

    def _objects(self, prefix: str, *actions: str) -> dict[str, object]:
        objects = pulumi.Output.concat(self.bucket.arn, f"/{prefix}*")
        return {"Effect": "Allow", "Action": list(actions), "Resource": objects}

    def _bucket(self) -> list[dict[str, object]]:
        # Who may not list is told 403 of an object that is missing.
        return [
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": self.bucket.arn},
            {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": self.key},
        ]


def _statements(bucket: pulumi.Output[str]) -> list[dict[str, object]]:
    """Parts of a multipart upload take no condition, which they need not: its completion does."""
    absent = {"s3:if-none-match": "true", "s3:if-match": "true"}
    return [
        {
            "Sid": "ConditionalWritesOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": pulumi.Output.concat(bucket, "/*"),
            "Condition": {"Null": absent, "Bool": {"s3:ObjectCreationOperation": "true"}},
        },
        {
            "Sid": "LeaseStays",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"],
            "Resource": pulumi.Output.concat(bucket, f"/{LEASE_KEY}"),
        },
    ]
