"""The two regions together: everything that is of both, or goes from one to the other."""

from __future__ import annotations

import pulumi

from contracts.pair import replicator
from infra.components.base import Component
from infra.components.zone import Zone
from infra.pair.bucket_replication import BucketReplication, Side
from infra.pair.database_backups import DatabaseBackups
from infra.pair.failover_records import FailoverRecords
from infra.pair.global_datastore import GlobalDatastore
from infra.pair.replicated_stream import ReplicatedStream
from infra.pair.stream_replicator import StreamReplicator
from infra.pair.witness import Witness
from infra.region import Region


class Pair(Component):
    """Of stores that are started. Only `_backups` has a direction; the rest is the same with exchanged roles."""

    def __init__(
        self, active: Region, passive: Region, zone: Zone, datastore: GlobalDatastore, witness: Witness
    ) -> None:
        stack = active.stack
        both = sorted((active, passive), key=lambda region: region.region != stack.home)
        super().__init__("aura-pair", pulumi.ResourceOptions(providers=[both[0].provider]))
        self._active, self._passive, self._datastore = active, passive, datastore
        self._backups(active, passive)
        self._buckets(*both)
        self._buckets(*reversed(both))
        streams = {
            region.region: ReplicatedStream(
                f"{region.name}-replicator", region.stores.stream, region.network.vpc.id, self._in(region)
            )
            for region in both
        }
        self.replicators = {
            source.region: StreamReplicator(
                replicator(source.region, target.region),
                streams[source.region],
                streams[target.region],
                self._in(target),
            )
            for source, target in (both, both[::-1])
        }
        names = [region.region for region in both]
        self.records = FailoverRecords("aura-failover", zone, names, stack.home, self._in(both[0]))
        self._witness = witness
        self.register_outputs({})

    def _in(self, region: Region) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, providers=[region.provider])

    def _backups(self, active: Region, passive: Region) -> None:
        for database, of in active.stores.databases.items():
            days = passive.config.databases[database].backup_days
            name = f"{active.name}-{database}-backups"
            DatabaseBackups(name, of.instance, passive.keys.data, days, self._in(passive))

    def _buckets(self, source: Region, target: Region) -> None:
        for noun in ("media", "backups", "stream-state"):
            name = f"{source.name}-{noun}-replication"
            BucketReplication(name, _side(source, noun), _side(target, noun), self._in(source))

    def outputs(self) -> dict[str, pulumi.Input[object]]:
        """What replicates to what, for runbooks: names and ARNs by which AWS's operations take them."""
        active, passive = self._active, self._passive
        databases = {
            name: {"primary": of.instance.arn, "replica": passive.stores.databases[name].instance.arn}
            for name, of in active.stores.databases.items()
        }
        regions = [active, passive]
        return {
            "active": active.region,
            "passive": passive.region,
            "home": active.stack.home,
            "databases": databases,
            "globalDatastore": self._datastore.id,
            "replicationGroups": {region.region: region.stores.cache.cache.id for region in regions},
            "streams": {region.region: region.stores.stream.cluster.arn for region in regions},
            "replicators": {source: replicator.arn for source, replicator in self.replicators.items()},
            "mediaBuckets": {region.region: region.media.bucket.bucket for region in regions},
            "stateBuckets": {region.region: region.state.bucket.bucket for region in regions},
            "backupBuckets": {region.region: region.backups.bucket.bucket for region in regions},
            "healthChecks": {region: check.id for region, check in self.records.checks.items()},
            "witnessBucket": self._witness.bucket.bucket,
        }

    def names(self) -> dict[str, pulumi.Input[object]]:
        """What of the outputs does not change with roles (contracts/pair.py)."""
        outputs, regions = self.outputs(), (self._active, self._passive)
        home = self._active.stack.home
        databases = {
            name: {region.region: region.stores.databases[name].instance.arn for region in regions}
            for name in self._active.stores.databases
        }
        kept = ("globalDatastore", "replicationGroups", "streams", "replicators", "backupBuckets", "stateBuckets")
        away = next(region.region for region in regions if region.region != home)
        return {
            "home": home,
            "away": away,
            "databases": databases,
            **{name: outputs[name] for name in (*kept, "witnessBucket")},
        }


def _side(region: Region, noun: str) -> Side:
    match noun:
        case "media":
            return Side(region.media.bucket, region.keys.media, region.media.secured)
        case "backups":
            return Side(region.backups.bucket, region.keys.backups, region.backups.secured)
        case _:
            return Side(region.state.bucket, region.keys.data, region.state.secured)
