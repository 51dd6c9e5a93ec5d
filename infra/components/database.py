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


class Database(Component):
    """The instance, and the secret `rds/<database>` with its connection parameters."""

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
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        password = StoredSecret(
            f"{name}-password",
            f"rds/{database}/password",
            generated.token(),
            secrets,
            once=True,
            opts=self.child(),
        )
        group = aws.rds.SubnetGroup(name, name=name, subnet_ids=list(subnets), opts=self.child())
        parameters = aws.rds.ParameterGroup(
            name,
            name=f"{name}-{config.engine_version.split('.')[0]}",
            family=f"postgres{config.engine_version.split('.')[0]}",
            description=f"Settings of {name}",
            parameters=[_parameter("rds.force_ssl", "1")],
            opts=self.child(),
        )
        firewall = Firewall(name, vpc, clients, PORT, self.child())
        self.instance = aws.rds.Instance(
            name,
            identifier=name,
            engine="postgres",
            engine_version=config.engine_version,
            instance_class=config.instance_class,
            allocated_storage=config.storage_gib,
            max_allocated_storage=config.max_storage_gib,
            storage_type="gp3",
            storage_encrypted=True,
            kms_key_id=key,
            multi_az=config.multi_az,
            db_name=database,
            username=USER,
            password=password.value,
            port=PORT,
            db_subnet_group_name=group.name,
            parameter_group_name=parameters.name,
            vpc_security_group_ids=[firewall.group.id],
            publicly_accessible=False,
            backup_retention_period=config.backup_days,
            copy_tags_to_snapshot=True,
            deletion_protection=config.deletion_protection,
            skip_final_snapshot=not config.deletion_protection,
            final_snapshot_identifier=f"{name}-final" if config.deletion_protection else None,
            performance_insights_enabled=config.performance_insights,
            performance_insights_kms_key_id=key if config.performance_insights else None,
            opts=self.child(),
        )
        connection = pulumi.Output.json_dumps(
            {
                "engine": "postgres",
                "host": self.instance.address,
                "port": self.instance.port,
                "username": USER,
                "password": password.value,
                "dbname": database,
            }
        )
        self.secret = StoredSecret(name, f"rds/{database}", connection, secrets, opts=self.child())
        self.endpoint = self.instance.endpoint
        self.register_outputs({"endpoint": self.endpoint})


def _parameter(name: str, value: str) -> aws.rds.ParameterGroupParameterArgs:
    return aws.rds.ParameterGroupParameterArgs(name=name, value=value)
