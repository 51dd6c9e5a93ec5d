"""ElastiCache: Redis for data that may be lost (pending pushes, caches, rate limits).

Its data is not worth the two steps in which AWS switches TLS on: a cache without it is replaced.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra import generated
from infra.components.base import Component
from infra.components.firewall import Firewall
from infra.components.secrets import SecretStore, StoredSecret
from infra.settings import settings

PORT = 6379


@settings
class CacheConfig:
    engine_version: str
    node_type: str
    nodes: int
    """The primary and its replicas; two or more fail over automatically."""
    snapshot_days: int

    def __post_init__(self) -> None:
        if not 1 <= self.nodes <= 6:
            raise ValueError(f"nodes is {self.nodes}; a replication group has 1 to 6")


class Cache(Component):
    """`url` contains the password, and is a secret output."""

    def __init__(
        self,
        name: str,
        vpc: pulumi.Input[str],
        subnets: Sequence[pulumi.Input[str]],
        clients: pulumi.Input[str],
        key: pulumi.Input[str],
        secrets: SecretStore,
        config: CacheConfig,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        password = StoredSecret(
            f"{name}-password",
            "redis/password",
            generated.token(),
            secrets,
            once=True,
            opts=self.child(),
        ).value
        group = aws.elasticache.SubnetGroup(name, name=name, subnet_ids=list(subnets), opts=self.child())
        firewall = Firewall(name, vpc, clients, PORT, self.child())
        self.cache = aws.elasticache.ReplicationGroup(
            name,
            replication_group_id=name,
            description="Pushes pending, caches, limits",
            engine="redis",
            engine_version=config.engine_version,
            node_type=config.node_type,
            num_cache_clusters=config.nodes,
            automatic_failover_enabled=config.nodes > 1,
            multi_az_enabled=config.nodes > 1,
            port=PORT,
            subnet_group_name=group.name,
            security_group_ids=[firewall.group.id],
            at_rest_encryption_enabled=True,
            kms_key_id=key,
            transit_encryption_enabled=True,
            auth_token=password,
            snapshot_retention_limit=config.snapshot_days,
            opts=self.child(replace_on_changes=["transitEncryptionEnabled"]),
        )
        self.endpoint = self.cache.primary_endpoint_address
        self.url = pulumi.Output.format("rediss://:{0}@{1}:{2}/0", password, self.endpoint, PORT)
        self.register_outputs({"endpoint": self.endpoint})
