"""Automated backups of the active region's databases, copied into the other region as they are made."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.components.base import Component


class DatabaseBackups(Component):
    """Point-in-time recovery in the region of `opts`, also of what a replica has faithfully repeated: a wrong DELETE.

    A replica has backups of its own only after its promotion. With exchanged roles the copy goes the other way: Pulumi
    stops this one, whose backups RDS keeps until their retention ends, and starts that of the new primary.
    """

    def __init__(
        self, name: str, source: aws.rds.Instance, key: pulumi.Input[str], days: int, opts: pulumi.ResourceOptions
    ) -> None:
        """`name` has the source's region in it; `key` is one of the region of the copies, kept for `days`."""
        super().__init__(name, opts)
        aws.rds.InstanceAutomatedBackupsReplication(
            name, source_db_instance_arn=source.arn, kms_key_id=key, retention_period=days, opts=self.child()
        )
        self.register_outputs({})
