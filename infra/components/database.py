"""RDS for PostgreSQL: an instance for each service that stores accounts."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra import generated
from infra.components.base import Component
from infra.components.firewall import Firewall
from infra.components.secrets import SecretStore, StoredSecret
from infra.settings import settings

PORT = 5432
USER = "aura"


@settings
class DatabaseConfig:
    instance_class: str
    engine_version: str
    storage_gib: int
    max_storage_gib: int
    multi_az: bool
    backup_days: int
    """Days of point-in-time recovery; AWS uploads the transaction log every 5 minutes, which is the RPO."""
    deletion_protection: bool
    performance_insights: bool

    def __post_init__(self) -> None:
        if not 1 <= self.backup_days <= 35:
            raise ValueError(f"backupDays is {self.backup_days}; point-in-time recovery needs 1 to 35")
        if self.max_storage_gib < self.storage_gib:
            raise ValueError(f"maxStorageGib {self.max_storage_gib} is below storageGib {self.storage_gib}")


_OF_CREATION = ["replicateSourceDb", "dbName", "username", "password", "allocatedStorage"]
"""Inputs by which a primary and a replica differ when they are made. Afterwards an instance has them for good: AWS
makes no replica of a primary, and promotes a replica by an operation that is not an update. So a change of roles in
the configuration changes no instance."""


class Database(Component):
    """The instance, and the secret `rds/<database>` with its connection parameters.

    `start` makes both; what comes before it needs nothing of another region's instance.
    """

    def __init__(
        self,
        name: str,
        database: str,
        vpc: pulumi.Input[str],
        subnets: Sequence[pulumi.Input[str]],
        clients: pulumi.Input[str],
        key: pulumi.Input[str],
        secrets: SecretStore,
        config: DatabaseConfig,
        password: pulumi.Output[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`password` is that of another region's; without one it is generated here."""
        super().__init__(name, opts)
        self._database, self._key, self._secrets, self._config = database, key, secrets, config
        self.password = (
            password
            or StoredSecret(
                f"{name}-password",
                f"rds/{database}/password",
                generated.token(),
                secrets,
                once=True,
                opts=self.child(),
            ).value
        )
        self._group = aws.rds.SubnetGroup(name, name=name, subnet_ids=list(subnets), opts=self.child())
        self._parameters = aws.rds.ParameterGroup(
            name,
            name=f"{name}-{config.engine_version.split('.')[0]}",
            family=f"postgres{config.engine_version.split('.')[0]}",
            description=f"Settings of {name}",
            parameters=[_parameter("rds.force_ssl", "1")],
            opts=self.child(),
        )
        self._firewall = Firewall(name, vpc, clients, PORT, self.child())

    def start(self, paired: bool = False, source: pulumi.Input[str] | None = None) -> None:
        """The instance: a replica of `source`, the ARN of another region's, or without it a primary.

        One that is `paired` can become the other.
        """
        name, config, own = self.name, self._config, source is None
        self.instance = aws.rds.Instance(
            name,
            identifier=name,
            engine="postgres",
            engine_version=config.engine_version,
            instance_class=config.instance_class,
            max_allocated_storage=config.max_storage_gib,
            storage_type="gp3",
            storage_encrypted=True,
            kms_key_id=self._key,
            multi_az=config.multi_az,
            port=PORT,
            db_subnet_group_name=self._group.name,
            parameter_group_name=self._parameters.name,
            vpc_security_group_ids=[self._firewall.group.id],
            publicly_accessible=False,
            backup_retention_period=config.backup_days,
            copy_tags_to_snapshot=True,
            deletion_protection=config.deletion_protection,
            skip_final_snapshot=not config.deletion_protection,
            final_snapshot_identifier=f"{name}-final" if config.deletion_protection else None,
            performance_insights_enabled=config.performance_insights,
            performance_insights_kms_key_id=self._key if config.performance_insights else None,
            allocated_storage=config.storage_gib if own else None,
            db_name=self._database if own else None,
            username=USER if own else None,
            password=self.password if own else None,
            replicate_source_db=source,
            opts=self.child(ignore_changes=_OF_CREATION if paired else ()),
        )
        connection = pulumi.Output.json_dumps(
            {
                "engine": "postgres",
                "host": self.instance.address,
                "port": self.instance.port,
                "username": USER,
                "password": self.password,
                "dbname": self._database,
            }
        )
        self.secret = StoredSecret(name, f"rds/{self._database}", connection, self._secrets, opts=self.child())
        self.endpoint = self.instance.endpoint
        self.register_outputs({"endpoint": self.endpoint})


def _parameter(name: str, value: str) -> aws.rds.ParameterGroupParameterArgs:
    return aws.rds.ParameterGroupParameterArgs(name=name, value=value)
