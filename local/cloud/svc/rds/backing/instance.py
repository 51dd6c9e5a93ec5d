"""The PostgreSQL server of an RDS instance."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

from local.cloud.svc.rds import events, modification, replication, schedule, settings, snapshot
from local.cloud.svc.rds.backing.fleet import Fleet
from local.cloud.svc.rds.backing.replica import Replica
from local.cloud.svc.rds.backing.retained_backups import retain
from local.cloud.svc.rds.describe import BACKUP_WINDOW, MAINTENANCE_WINDOW
from local.cloud.svc.rds.model import FAILED, INCOMPATIBLE, Instance, endpoint_name
from local.engines.postgres import InvalidSettings, Login, Postgres
from local.loss.copies import Copy

_AT_REST = ("stopped", FAILED, INCOMPATIBLE)
"""Statuses without a server."""
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
        return self.status in _AT_REST or self._engine().process.pid() is not None

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
        elif status not in _AT_REST:
            self._run(status)

    def stop(self) -> None:
        self._engine().stop()

    def copies(self) -> list[Copy]:
        """What it lacks, when it is a replica of another region's."""
        return Replica(self.fleet, self.instance).copies()

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
        engine, replica = self._engine(), Replica(self.fleet, instance)
        promoted = instance.promoting
        try:
            if instance.following is None:
                engine.ensure()
            elif not replica.advance():
                self._give_up(status, FAILED, "Its source is gone, and it has no data yet. Delete it")
                return
        except InvalidSettings as error:
            reason = f"{str(error)[:200]}. Change the parameter group and reboot; the data are intact."
            self._give_up(status, INCOMPATIBLE, reason)
            return
        if instance.following is None and (status in _SETS_THE_PASSWORD or not instance.ready):
            database = None if instance.ready or instance.origin is not None else instance.inputs.get("DBName")
            master = Login(instance.inputs["MasterUsername"], instance.password)
            engine.ensure_role(master, database)
            if not instance.ready:
                engine.hand_over(master.user)
        self._engine().configure()
        if not instance.ready:
            with self.context.mutation():
                instance.ready = True
        if instance.following is not None:
            replica.look()
        self._finish(status, "available", promoted)

    def _give_up(self, before: str, after: str, reason: str) -> None:
        """`after` is left by a deletion, or by a reboot after its parameters were changed."""
        with self.context.mutation():
            if self.instance.status == before:
                self.instance.status = after
                events.of_instance(self.state, self.instance, "failure", reason)

    def _maintain(self) -> None:
        """What an available instance needs in the course of time."""
        instance, now = self.instance, datetime.now(UTC)
        if instance.following is not None and not Replica(self.fleet, instance).look():
            self._finish("available", "starting")  # which makes it a standby again
            return
        self._release_slots()
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

    def _release_slots(self) -> None:
        """Those of replicas that were promoted or deleted, maybe while this server was dead."""
        with self.context.lock:
            used = {replica.slot for replica in self.fleet.replicas(self.instance)}
            unused = [slot for slot in self.instance.slots if slot not in used]
        for slot in unused:
            self._engine().release(slot)
            with self.context.mutation():
                self.instance.slots.remove(slot)

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
        instance, retained = self.instance, None
        if instance.keeps_backups and instance.retention and instance.following is None:
            self._engine().stop()
            retained = retain(self.fleet, instance, datetime.now(UTC))
        self._engine().delete()
        shutil.rmtree(self.fleet.archive(instance), ignore_errors=True)
        self.context.link(instance.region).forget(instance.address)
        self.context.addresses(instance.region).release(endpoint_name(instance.identifier))
        with self.context.mutation():
            for replica in self.fleet.replicas(instance):
                if replication.promoted_by_deletion(replica.region, instance.region, replica.status):
                    replica.promoting, replica.status = True, "modifying"
            for taken in self.state.snapshots_of(instance.resource_id, "automated"):
                taken.status = "deleting"
            self.state.instances.pop(instance.identifier, None)
            if retained is not None:
                self.state.replicated_backups[retained.identifier] = retained
            events.of_instance(self.state, instance, "deletion", "DB instance deleted")

    def _finish(self, before: str, now: str, promoted: bool = False) -> None:
        """Unless a request has changed the status meanwhile; the next reconciliation handles that.

        An instance is not available before there is a backup to restore it from; one that was `promoted` takes one.
        """
        instance = self.instance
        if now == "available" and instance.retention and (promoted or self._last_backup() is None):
            self._begin_backup(before)
            return
        with self.context.mutation():
            if instance.status == before:
                instance.status = now
                if before == "backing-up":
                    events.of_instance(self.state, instance, "backup", "Finished DB Instance backup")
                elif before in _DONE:
                    events.of_instance(self.state, instance, *_DONE[before])
