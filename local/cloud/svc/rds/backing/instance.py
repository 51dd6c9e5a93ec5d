"""The PostgreSQL server of an RDS instance."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime

from local.cloud.svc.rds import events, modification, schedule, settings, snapshot
from local.cloud.svc.rds.backing.fleet import Fleet
from local.cloud.svc.rds.describe import BACKUP_WINDOW, MAINTENANCE_WINDOW
from local.cloud.svc.rds.model import INCOMPATIBLE, Instance
from local.engines.postgres import InvalidSettings, Login, Postgres, Standby
from local.engines.runtime.process import EngineFailed

_LOOK_SECONDS = 2.0
_looked_at: dict[str, float] = {}
"""When each replica was last asked whether it is connected, on the monotonic clock."""
_WITH_THE_GROUPS_PARAMETERS = {"creating", "starting", "rebooting"}
_SETS_THE_PASSWORD = {"creating", "resetting-master-credentials"}
_DONE = {
    "creating": ("creation", "DB instance created"),
    "starting": ("notification", "DB instance started"),
    "rebooting": ("availability", "DB instance restarted"),
    "resetting-master-credentials": ("configuration change", "Reset master credentials"),
}
"""The event that ends a status."""


class InstanceBacking:
    """An instance's server. A dead one is restarted with its data, as RDS recovers an instance on a new host."""

    def __init__(self, fleet: Fleet, instance: Instance) -> None:
        self.fleet, self.context, self.instance = fleet, fleet.context, instance
        self.state = fleet.state(instance.region)
        self.key = instance.arn

    @property
    def status(self) -> str:
        return self.instance.status

    def running(self) -> bool:
        return self.status in ("stopped", INCOMPATIBLE) or self._engine().process.pid() is not None

    def reconcile(self) -> None:
        status = self.instance.status
        if status in ("deleting", "stopping", "backing-up") and self._being_copied(status):
            return
        if status == "deleting":
            self._delete()
        elif status == "stopping":
            self._engine().stop()
            self._finish(status, "stopped")
        elif status == "backing-up":
            self._finish(status, "available")
        elif status == "available" and not self.running():
            self._finish(status, "starting")  # no failure: waiters keep waiting
        elif status == "available":
            self._maintain()
        elif status not in ("stopped", INCOMPATIBLE):
            self._run(status)

    def stop(self) -> None:
        self._engine().stop()

    def _engine(self) -> Postgres:
        with self.context.lock:
            return self.fleet.engine(self.instance)

    def _being_copied(self, status: str) -> bool:
        """Whether a snapshot is being taken of its data, or, when it is to go, another instance begins with them."""
        with self.context.lock:
            mine = self.instance.resource_id
            if any(snapshot.status == "creating" for snapshot in self.state.snapshots_of(mine)):
                return True
            others = [other for other in self.fleet.instances() if other.status == "creating" and other.origin]
            sources = [getattr(o.origin, "source", "") or getattr(o.origin, "resource_id", "") for o in others]
            return status == "deleting" and mine in sources

    def _run(self, status: str) -> None:
        instance = self.instance
        if status == "rebooting":
            self._engine().stop()
        if status in _WITH_THE_GROUPS_PARAMETERS:
            with self.context.mutation():
                instance.running = settings.of(self.state, instance)
        engine = self._engine()
        if instance.following is not None and not engine.initialized and not isinstance(engine.origin, Standby):
            raise EngineFailed(f"{instance.identifier} has no data: its source is gone; delete it")
        try:
            engine.ensure()
        except InvalidSettings as error:
            self._give_up(status, str(error))
            return
        if instance.following is None and (status in _SETS_THE_PASSWORD or not instance.ready):
            database = None if instance.ready or instance.origin is not None else instance.inputs.get("DBName")
            engine.ensure_role(Login(instance.inputs["MasterUsername"], instance.password), database)
        engine.configure()
        if not instance.ready:
            with self.context.mutation():
                instance.ready = True
        if instance.promoting:
            self._promote(engine)
        self._finish(status, "available")

    def _give_up(self, before: str, reason: str) -> None:
        """Until a reboot, after its parameters were changed."""
        with self.context.mutation():
            if self.instance.status == before:
                self.instance.status = INCOMPATIBLE
                message = f"{reason[:200]}. Change the parameter group and reboot; the data are intact."
                events.of_instance(self.state, self.instance, "failure", message)

    def _promote(self, engine: Postgres) -> None:
        with self.context.lock:
            standby = self.fleet.standby(self.instance)
        engine.promote()
        if standby is not None:
            standby.release()
        with self.context.mutation():
            self.instance.origin, self.instance.promoting, self.instance.replicating = None, False, False
            events.of_instance(self.state, self.instance, "read replica", "Promoted read replica to a standalone DB")
        self._engine().configure()

    def _maintain(self) -> None:
        """What an available instance needs in the course of time."""
        instance, now = self.instance, datetime.now(UTC)
        if instance.following is not None:
            self._observe_replication()
            return
        if instance.pending and schedule.in_maintenance(
            instance.inputs.get("PreferredMaintenanceWindow", MAINTENANCE_WINDOW), now
        ):
            with self.context.mutation():
                modification.apply_pending(instance)
                instance.status = "modifying"
            return
        if not instance.retention:
            self._forget_backups()
        elif schedule.backup_due(self._window(), self._last_backup(), now):
            self._begin_backup("available")
        self._expire(now)

    def _observe_replication(self) -> None:
        if time.monotonic() - _looked_at.get(self.key, 0.0) < _LOOK_SECONDS:
            return
        _looked_at[self.key] = time.monotonic()
        streaming = self._engine().replication().streaming
        if streaming != self.instance.replicating:
            with self.context.mutation():
                self.instance.replicating = streaming

    def _window(self) -> str:
        return self.instance.inputs.get("PreferredBackupWindow", BACKUP_WINDOW)

    def _last_backup(self) -> datetime | None:
        taken = self.state.snapshots_of(self.instance.resource_id, "automated")
        return taken[-1].created if taken else None

    def _begin_backup(self, before: str) -> None:
        engine = self._engine()
        if engine.query("SHOW archive_mode") == [("off",)]:  # started before backups were automated here
            engine.stop()
            engine.ensure()
        engine.configure()
        with self.context.mutation():
            if self.instance.status == before:
                self.instance.status = "backing-up"
                snapshot.automated(self.state, self.instance, self.context, datetime.now(UTC))
                if before in _DONE:
                    events.of_instance(self.state, self.instance, *_DONE[before])
                events.of_instance(self.state, self.instance, "backup", "Backing up DB instance")

    def _forget_backups(self) -> None:
        """After BackupRetentionPeriod was set to 0."""
        taken = self.state.snapshots_of(self.instance.resource_id, "automated")
        if any(found.status == "available" for found in taken):
            with self.context.mutation():
                for found in taken:
                    found.status = "deleting"

    def _expire(self, now: datetime) -> None:
        taken = self.state.snapshots_of(self.instance.resource_id, "automated")
        complete = {s.completed: s for s in taken if s.status == "available" and s.completed}
        for moment in schedule.expired(list(complete), self.instance.retention, now):
            with self.context.mutation():
                complete[moment].status = "deleting"

    def _delete(self) -> None:
        instance = self.instance
        with self.context.lock:
            standby, engine = self.fleet.standby(instance), self._engine()
        engine.delete()
        if standby is not None:
            standby.release()
        shutil.rmtree(self.fleet.archive(instance), ignore_errors=True)
        self.context.addresses(instance.region).release(instance.resource_id)
        with self.context.mutation():
            for replica in self.fleet.replicas(instance):  # they go on as instances of their own
                replica.promoting, replica.status = True, "modifying"
            for taken in self.state.snapshots_of(instance.resource_id, "automated"):
                taken.status = "deleting"
            self.state.instances.pop(instance.identifier, None)
            events.of_instance(self.state, instance, "deletion", "DB instance deleted")

    def _finish(self, before: str, now: str) -> None:
        """Unless a request has changed the status meanwhile; the next reconciliation handles that.

        An instance is not available before there is a backup to restore it from.
        """
        instance = self.instance
        if now == "available" and instance.retention and not instance.following and self._last_backup() is None:
            self._begin_backup(before)
            return
        with self.context.mutation():
            if instance.status == before:
                instance.status = now
                if before == "backing-up":
                    events.of_instance(self.state, instance, "backup", "Finished DB Instance backup")
                elif before in _DONE:
                    events.of_instance(self.state, instance, *_DONE[before])
