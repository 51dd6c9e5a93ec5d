"""The base backup of a snapshot."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

from local.cloud.svc.rds import events
from local.cloud.svc.rds.backing.fleet import Fleet
from local.cloud.svc.rds.model import Instance, Snapshot
from local.engines.postgres import forget_unneeded


class SnapshotBacking:
    def __init__(self, fleet: Fleet, snapshot: Snapshot) -> None:
        self.fleet, self.context, self.snapshot = fleet, fleet.context, snapshot
        self.state = fleet.state(snapshot.region)
        self.key = snapshot.arn

    @property
    def status(self) -> str:
        return self.snapshot.status

    def running(self) -> bool:
        """It has no process."""
        return True

    def stop(self) -> None:
        """It has no process."""

    def reconcile(self) -> None:
        if self.snapshot.status == "creating":
            self._create()
        elif self.snapshot.status == "deleting":
            self._delete()

    def _create(self) -> None:
        snapshot = self.snapshot
        with self.context.lock:
            folder, copied = self.fleet.folder(snapshot), snapshot.copied_from
            instance = self.fleet.instance(snapshot.instance_resource_id)
            engine = self.fleet.engine(instance) if instance else None
        if copied is not None and not self.context.reach(copied[0], snapshot.region):
            return
        if copied is not None:
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(self.fleet.snapshot_folder(*copied), folder, symlinks=True)
        elif engine is None or instance is None:
            self._finish("failed", "Snapshot failed: its DB instance is gone")
            return
        elif not self._next_of(instance):
            return
        else:
            engine.ensure()
            engine.back_up(folder)
        self._finish("available", f"{snapshot.type.capitalize()} snapshot created")

    def _next_of(self, instance: Instance) -> bool:
        """One snapshot of an instance is taken after the other, once what is done to its server is over."""
        with self.context.lock:
            waiting = [s for s in self.state.snapshots_of(instance.resource_id) if s.status == "creating"]
            return waiting[0] is self.snapshot and instance.status in ("backing-up", "stopping", "deleting")

    def _finish(self, status: str, message: str) -> None:
        with self.context.mutation():
            self.snapshot.status = status
            self.snapshot.completed = datetime.now(UTC)
            events.of_snapshot(self.state, self.snapshot, "creation", message)

    def _delete(self) -> None:
        with self.context.lock:
            if self._in_use():
                return
            instance = self.fleet.instance(self.snapshot.instance_resource_id)
        shutil.rmtree(self.fleet.folder(self.snapshot), ignore_errors=True)
        with self.context.mutation():
            self.state.snapshots.pop(self.snapshot.identifier, None)
            events.of_snapshot(self.state, self.snapshot, "deletion", f"Deleted {self.snapshot.type} snapshot")
            others = self.state.snapshots_of(self.snapshot.instance_resource_id, "automated")
        if self.snapshot.type == "automated" and instance is not None:
            kept = [self.fleet.folder(other) for other in others if other.status == "available"]
            forget_unneeded(self.fleet.archive(instance), kept)

    def _in_use(self) -> bool:
        """Whether an instance or a copy is being made of it."""
        mine = self.snapshot.resource_id
        restoring = [i for i in self.fleet.instances() if i.status == "creating"]
        copying = [s for state in self.fleet.states for s in state.snapshots.values() if s.status == "creating"]
        return any(getattr(i.origin, "snapshot", "") == mine for i in restoring) or any(
            s.copied_from and s.copied_from[1] == mine for s in copying
        )
