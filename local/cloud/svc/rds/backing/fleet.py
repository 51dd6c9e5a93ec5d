"""The instances of every region, with the engine and the folders of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from local.cloud.context import CloudContext
from local.cloud.svc.rds import settings
from local.cloud.svc.rds.model import Following, Instance, RdsState, Restoration, Snapshot
from local.engines.postgres import Origin, Postgres, Restored, Standby, Tls, archive_command, restore_command


class Fleet:
    def __init__(self, context: CloudContext, states: Sequence[RdsState]) -> None:
        self.context = context
        self.states = states

    def state(self, region: str) -> RdsState:
        return next(state for state in self.states if state.region == region)

    def instances(self) -> Iterator[Instance]:
        for state in self.states:
            yield from list(state.instances.values())

    def instance(self, resource_id: str) -> Instance | None:
        return next((found for found in self.instances() if found.resource_id == resource_id), None)

    def replicas(self, instance: Instance) -> list[Instance]:
        """Read replicas of the instance, in every region."""
        wanted = instance.resource_id
        return [i for i in self.instances() if i.following is not None and i.following.resource_id == wanted]

    def engine(self, instance: Instance) -> Postgres:
        """Clients verify the certificate with the authority's as they do with AWS's bundle, by the address."""
        running = instance.running
        if running is None:
            running = settings.of(self.state(instance.region), instance)
        authority = self.context.authority
        pair = authority.pair(f"postgres-{instance.address}", instance.address, hosts=(instance.address,))
        required = running.get("rds.force_ssl", "1") == "1"
        return Postgres(
            self._folder(instance),
            instance.address,
            instance.port,
            running,
            Tls(pair.certificate, pair.key, authority.certificate, required),
            self._origin(instance),
            archive_command(self.archive(instance)) if instance.retention else None,
            settings.memory(instance),
        )

    def snapshot_folder(self, region: str, resource_id: str) -> Path:
        """Of a base backup."""
        return self.context.folder(region, "rds-snapshots", resource_id)

    def folder(self, snapshot: Snapshot) -> Path:
        return self.snapshot_folder(snapshot.region, snapshot.resource_id)

    def archive(self, instance: Instance) -> Path:
        """Folder of the archived WAL."""
        return self._archive(instance.region, instance.resource_id)

    def log(self, instance: Instance) -> Iterator[Path]:
        """The segments of WAL in the server's own data."""
        folder = self._live(instance.region, instance.resource_id)
        return (file for file in folder.glob("*") if file.is_file())

    def copies(self, region: str, identifier: str) -> tuple[Path, Path]:
        """Folders of the base backups and of the WAL of replicated or retained backups."""
        folder = self.context.folder(region, "rds-backups", identifier)
        return folder / "bases", folder / "wal"

    def source(self, instance: Instance) -> Postgres | None:
        """The server that a replica follows; None for other instances, and when the source is gone."""
        source = self.instance(instance.following.resource_id) if instance.following else None
        engine = self.engine(source) if source else None
        return engine if engine is not None and engine.initialized else None

    def standby(self, instance: Instance) -> Standby | None:
        """How a replica follows its source; None for other instances, and when the source is gone."""
        source, following = self.source(instance), instance.following
        if source is None or following is None:
            return None
        primary = source.source()
        if following.region != instance.region:
            link = self.context.link(following.region)
            primary = replace(primary, through=link.route(primary.address, primary.port, instance.region))
        return Standby(primary, instance.slot, instance.promoting)

    def _origin(self, instance: Instance) -> Origin | None:
        match instance.origin:
            case Following():
                return self.standby(instance)
            case Restoration(base, _, until, copies) if copies:
                bases, wal = self.copies(instance.region, copies)
                return Restored(bases / base, restore_command(wal), until)
            case Restoration(snapshot, ""):
                return Restored(self.snapshot_folder(instance.region, snapshot))
            case Restoration(snapshot, source, until):
                live = self._live(instance.region, source)
                base = self.snapshot_folder(instance.region, snapshot)
                return Restored(base, restore_command(self._archive(instance.region, source), live), until)
            case None:
                return None

    def _folder(self, instance: Instance) -> Path:
        return self.context.folder(instance.region, "rds", instance.resource_id)

    def _live(self, region: str, resource_id: str) -> Path:
        """Folder of the WAL that a server writes."""
        return self.context.folder(region, "rds", resource_id) / "data" / "pg_wal"

    def _archive(self, region: str, resource_id: str) -> Path:
        return self.context.folder(region, "rds-wal", resource_id)
