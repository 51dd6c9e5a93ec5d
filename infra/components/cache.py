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


_OF_THE_GLOBAL = [
    *("globalReplicationGroupId", "nodeType", "engine", "engineVersion"),
    *("atRestEncryptionEnabled", "transitEncryptionEnabled", "authToken"),
]
"""Inputs of a member that are the global datastore's: a secondary takes them over, and may not name them."""


class Cache(Component):
    """`start` makes the cache; then `url` contains the password, and is a secret output."""

    def __init__(
        self,
        name: str,
        vpc: pulumi.Input[str],
        subnets: Sequence[pulumi.Input[str]],
        clients: pulumi.Input[str],
        key: pulumi.Input[str],
        secrets: SecretStore,
        config: CacheConfig,
        password: pulumi.Output[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`password` is that of another region's; without one it is generated here."""
        super().__init__(name, opts)
        self._key, self._config = key, config
        self.password = (
            password
            or StoredSecret(
                f"{name}-password",
                "redis/password",
                generated.token(),
                secrets,
                once=True,
                opts=self.child(),
            ).value
        )
        self._group = aws.elasticache.SubnetGroup(name, name=name, subnet_ids=list(subnets), opts=self.child())
        self._firewall = Firewall(name, vpc, clients, PORT, self.child())

    def start(self, paired: bool = False, datastore: pulumi.Input[str] | None = None) -> None:
        """The cache: a secondary of the global `datastore` (its id), or without it a primary.

        One that is `paired` is in a global datastore, as what it is at a time.
        """
        config, own = self._config, datastore is None
        self.cache = aws.elasticache.ReplicationGroup(
            self.name,
            replication_group_id=self.name,
            description="Pushes pending, caches, limits",
            num_cache_clusters=config.nodes,
            automatic_failover_enabled=config.nodes > 1,
            multi_az_enabled=config.nodes > 1,
            port=PORT,
            subnet_group_name=self._group.name,
            security_group_ids=[self._firewall.group.id],
            at_rest_encryption_enabled=True if own else None,
            kms_key_id=self._key,
            transit_encryption_enabled=True if own else None,
            auth_token=self.password if own else None,
            snapshot_retention_limit=config.snapshot_days,
            engine="redis" if own else None,
            engine_version=config.engine_version if own else None,
            node_type=config.node_type if own else None,
            global_replication_group_id=datastore,
            opts=self.child(
                replace_on_changes=["transitEncryptionEnabled"], ignore_changes=_OF_THE_GLOBAL if paired else ()
            ),
        )
        self.endpoint = self.cache.primary_endpoint_address
        self.url = pulumi.Output.format("rediss://:{0}@{1}:{2}/0", self.password, self.endpoint, PORT)
        self.register_outputs({"endpoint": self.endpoint})
