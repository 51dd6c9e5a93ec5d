"""Where the time-series store archives its log and its base backups."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.components.access_logs import AccessLogs
from infra.components.base import Component
from infra.components.bucket import policy, secure
from infra.settings import settings


@settings
class BackupsConfig:
    old_versions_days: int
    """Days for which a backup that was deleted or overwritten can be restored."""
    force_destroy: bool
    """Whether destroying the stack may delete backups."""


class Backups(Component):
    """A bucket; the store itself deletes backups that are older than its own retention."""

    def __init__(
        self,
        name: str,
        bucket: str,
        key: pulumi.Input[str],
        logs: AccessLogs,
        config: BackupsConfig,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        self.bucket = aws.s3.Bucket(name, bucket=bucket, force_destroy=config.force_destroy, opts=self.child())
        self.secured = secure(self, name, self.bucket, key, config.old_versions_days)
        policy(self, name, self.bucket, [], self.secured.access_block)
        logs.of_bucket(self, name, self.bucket)
        self.register_outputs({"bucket": self.bucket.bucket})
