"""The global datastore of the two caches, by the API of one region."""

from __future__ import annotations

from collections.abc import Mapping

from runbooks.adapters.aws import CONFIG, Connect, answers
from runbooks.ports import Refused


class GlobalDatastore:
    def __init__(self, connect: Connect, region: str, datastore: str, groups: Mapping[str, str]) -> None:
        """`groups`: the replication group of each region."""
        self._elasticache, self._region = connect("elasticache", region, CONFIG), region
        self._datastore, self._groups = datastore, groups

    def primary(self) -> tuple[str, str]:
        with answers(f"ElastiCache of {self._region}"):
            answer = self._elasticache.describe_global_replication_groups(
                GlobalReplicationGroupId=self._datastore, ShowMemberInfo=True
            )
        (found,) = answer["GlobalReplicationGroups"]
        primaries = [one["ReplicationGroupRegion"] for one in found["Members"] if one["Role"] == "PRIMARY"]
        if len(primaries) != 1:
            raise Refused(f"datastore {self._datastore} has {len(primaries)} primaries")
        return primaries[0], found["Status"]

    def fail_over(self, region: str) -> None:
        with answers(f"ElastiCache of {self._region}"):
            self._elasticache.failover_global_replication_group(
                GlobalReplicationGroupId=self._datastore,
                PrimaryRegion=region,
                PrimaryReplicationGroupId=self._groups[region],
            )
