"""ElastiCache's global datastore: one cache that is written in one region and read in both."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.components.base import Component
from infra.components.cache import Cache, CacheConfig


class GlobalDatastore(Component):
    """`id` is what a secondary names to be one. Version and node type of its members are the datastore's.

    FailoverGlobalReplicationGroup exchanges primary and secondary. Who is primary is AWS's state, not a declaration:
    a change of roles in the configuration changes nothing here.
    """

    def __init__(self, name: str, primary: Cache, config: CacheConfig, opts: pulumi.ResourceOptions) -> None:
        super().__init__(name, opts)
        group = aws.elasticache.GlobalReplicationGroup(
            name,
            global_replication_group_id_suffix=name,
            global_replication_group_description="Pushes pending, caches, limits",
            primary_replication_group_id=primary.cache.id,
            engine_version=config.engine_version,
            cache_node_type=config.node_type,
            opts=self.child(ignore_changes=["primaryReplicationGroupId"]),  # another one would be another datastore
        )
        self.id, self.arn = group.global_replication_group_id, group.arn
        self.register_outputs({"id": self.id})
