"""Where the dataflows keep snapshots of their persons' states."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra.components.access_logs import AccessLogs
from infra.components.base import Component
from infra.components.bucket import policy, secure
from infra.components.roles import ServiceAccountRole
from infra.settings import settings


@settings
class StreamStateConfig:
    old_versions_days: int
    """Days for which a segment or a manifest that was deleted or overwritten can be restored."""
    force_destroy: bool
    """Whether destroying the stack may delete snapshots."""


class StreamState(Component):
    """A bucket, and for each stream a role that has its own objects alone.

    The streams delete what they no longer need. They list, because they look for later epochs.
    """

    def __init__(
        self,
        name: str,
        bucket: str,
        key: pulumi.Input[str],
        logs: AccessLogs,
        cluster: pulumi.Input[str],
        streams: Sequence[str],
        config: StreamStateConfig,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`streams` are "<namespace>:<name>": a BioStream's ServiceAccount has its name."""
        super().__init__(name, opts)
        self.bucket = aws.s3.Bucket(name, bucket=bucket, force_destroy=config.force_destroy, opts=self.child())
        self.secured = secure(self, name, self.bucket, key, config.old_versions_days)
        policy(self, name, self.bucket, [], self.secured.access_block)
        logs.of_bucket(self, name, self.bucket)
        for stream in streams:
            prefix = stream.replace(":", "/")
            role = f"{name}-{stream.partition(':')[2]}"
            ServiceAccountRole(role, cluster, stream, _own(self.bucket.arn, prefix, key), opts=self.child())
        self.register_outputs({"bucket": self.bucket.bucket})


def _own(bucket: pulumi.Output[str], prefix: str, key: pulumi.Input[str]) -> list[dict[str, object]]:
    return [
        {
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": bucket,
            "Condition": {"StringLike": {"s3:prefix": f"{prefix}/*"}},
        },
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            "Resource": pulumi.Output.concat(bucket, f"/{prefix}/*"),
        },
        {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": key},
    ]
