"""The Redis processes of a replication group."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.cloud.context import CloudContext
from local.cloud.svc.elasticache import schedule
from local.cloud.svc.elasticache.engines import Engines
from local.cloud.svc.elasticache.events import note
from local.cloud.svc.elasticache.failover import successor
from local.cloud.svc.elasticache.model import CacheState, Group, Member, Snapshot
from local.cloud.svc.elasticache.modification import apply
from local.cloud.svc.elasticache.snapshots import snapshot_file, take_automatic
from local.cloud.svc.elasticache.turns import turn
from local.engines.runtime.process import EngineFailed

_SAVE_SECONDS = 30.0


class ReplicationGroupBacking:
    """A primary and its replicas. A dead one is restarted with its data; the group is `modifying` meanwhile.

    With automatic failover the replica that has most takes the place of a dead primary, which comes back as a replica.
    """

    def __init__(self, context: CloudContext, state: CacheState, group: Group) -> None:
        self.context, self.state, self.group = context, state, group
        self.engines = Engines(context, state, group)
        self.key = group.arn

    @property
    def status(self) -> str:
        return self.group.status

    def running(self) -> bool:
        return all(self.engines.running(member) for member in self.group.members)

    def stop(self) -> None:
        for member in (*self.group.replicas, self.group.primary):
            self.engines.stop(member)

    def reconcile(self) -> None:
        with turn(self.group.arn):
            if not self.group.held:
                self._reconcile()

    def _reconcile(self) -> None:
        group = self.group
        if group.status == "deleting":
            self._delete()
            return
        for member in list(group.leaving):
            self._delete_member(member)
        if group.status == "available":
            self._keep_schedule(datetime.now(UTC))
        if group.status == "snapshotting":
            self._save_snapshots()
        elif group.status != "available" or group.unapplied or not self.running():
            self._settle()

    def _settle(self) -> None:
        """Makes every engine what the state says, and records that it is."""
        if self.group.status == "available" and not self.running():
            self._set_status("modifying")
        revision = self.group.revision
        try:
            self._start_rebooted()
            self._start()
        except EngineFailed as error:
            with self.context.mutation():
                self.group.trouble = str(error)
            raise
        with self.context.mutation():
            group = self.group
            group.trouble = ""
            if group.revision != revision or group.status == "deleting":
                return  # a request has changed it meanwhile; the next reconciliation handles that
            for member in group.members:
                if member.name in group.rebooting:
                    member.needs_reboot = False
                    note(self.state, member.name, "cache-cluster", "Cache node 0001 restarted", datetime.now(UTC))
            group.unapplied, group.rebooting = False, ()
            if group.status == "creating":
                self._note("Cache cluster created" if group.standalone else "Replication group created")
            self._release_seed()
            group.status = "available"

    def _start_rebooted(self) -> None:
        for member in self.group.members:
            if member.name in self.group.rebooting:
                self.engines.stop(member)
                self.engines.of(member).start()

    def _settle_primary(self) -> bool:
        """Changes the primary, if it is asked for or the primary is dead and automatic failover is on.

        Returns whether the primary lives; a dead one that no replica can take the place of has to be started.
        """
        group, known = self.group, self._replication()
        masters = [member for member in group.replicas if (known[member.name] or {}).get("role") == "master"]
        if not group.upstream and masters and (known[group.primary.name] or {}).get("role") == "slave":
            self._hand_over(masters[0])  # the endpoint was killed after it had recorded the new primary
            return True
        alive = self.engines.process(group.primary).pid() is not None
        if group.failover == group.primary.name or not (group.failover or (group.automatic_failover and not alive)):
            self._set_failover("")
            return alive
        candidates = {m.name: known[m.name] for m in group.replicas if group.failover in ("", "any", m.name)}
        chosen = successor(candidates)
        if chosen is None and alive:
            raise EngineFailed(f"no replica of {group.name} is in step with its primary; it stays as it is")
        if chosen is None:
            self._set_failover("")
            return False
        former = group.primary
        self._record_primary(chosen)
        if alive:
            self._hand_over(former)
        else:
            self._fail_over(former)
        return True

    def _hand_over(self, former: Member) -> None:
        """From the living primary `former` to the recorded one. Nodes of a secondary only trade places."""
        if self.group.upstream is None:
            self.engines.of(former, of_former=True).hand_over(self.engines.of(self.group.primary))
        if self.group.failover == "any":  # of TestFailover, which stands for the loss of the node
            self.engines.stop(former)
        self._fail_over(former)

    def _fail_over(self, former: Member) -> None:
        self._set_failover("")
        with self.context.mutation():
            chosen = self.group.primary.name
            self._note(f"Failover from primary node {former.name} to replica node {chosen} completed")

    def _replication(self) -> dict[str, dict[str, Any] | None]:
        """INFO replication of the members; None of those that do not answer."""
        return {member.name: self.engines.of(member).replication() for member in self.group.members}

    def _record_primary(self, name: str) -> None:
        """On disk before anything happens: an endpoint that is killed must not take the former primary's side."""
        with self.context.mutation():
            self.group.primary_name = name
        deadline = time.monotonic() + _SAVE_SECONDS
        while time.monotonic() < deadline:
            with self.context.lock:  # saving holds it
                if not self.context.changed.is_set():
                    return
            time.sleep(0.02)
        raise EngineFailed("the state could not be saved; the failover waits for it")

    def _start(self) -> None:
        """Starts what is dead, after a replica has taken the place of a dead primary. Raises EngineFailed."""
        group = self.group
        if self._settle_primary() and group.automatic_failover and self.engines.process(group.primary).pid() is None:
            raise EngineFailed(f"the primary {group.primary.name} of {group.name} has ended; a replica takes its place")
        self._start_all()

    def _start_all(self) -> None:
        """The primary first: a replica is ready once it has synchronised with it."""
        group = self.group
        for member in group.members:
            if self.engines.of(member).answers():
                self.engines.of(member).release()
        if group.seed:
            self.engines.of(group.primary).seed(snapshot_file(self.context, group.region, group.seed))
        synchronised = group.upstream is None or group.status == "creating"  # a secondary outlives its primary
        for member in (group.primary, *group.replicas):
            self.engines.of(member).ensure(synchronised=synchronised)

    def _keep_schedule(self, now: datetime) -> None:
        group = self.group
        if group.pending and schedule.may_modify(group, now):
            with self.context.mutation():
                apply(group, dict(group.pending), now)
                group.pending = {}
        with self.context.lock:
            due, expired = schedule.snapshot_is_due(self.state, group, now), schedule.expired(self.state, group, now)
        if due or expired:
            with self.context.mutation():
                for snapshot in expired:
                    snapshot.status = "deleting"
                if due:
                    take_automatic(self.state, group, now)

    def _save_snapshots(self) -> None:
        if not self.running():
            self._start()
        for snapshot in self._pending_snapshots():
            self._save(snapshot)
        self._set_status("available", "snapshotting")

    def _save(self, snapshot: Snapshot) -> None:
        found = self.state.member(snapshot.described.get("CacheClusterId", ""))
        file = snapshot_file(self.context, snapshot.region, snapshot.name)
        self.engines.of(found[1] if found else self.group.primary).save(file)
        with self.context.mutation():
            snapshot.size, snapshot.status = file.stat().st_size, "available"
            self._note(f"Snapshot succeeded for snapshot with ID '{snapshot.name}'")

    def _pending_snapshots(self) -> list[Snapshot]:
        of_group = ("ReplicationGroupId", "CacheClusterId")
        names = {self.group.name, *(member.name for member in self.group.members)}
        return [
            snapshot
            for snapshot in list(self.state.snapshots.values())
            if snapshot.status == "creating" and any(snapshot.described.get(key) in names for key in of_group)
        ]

    def _delete(self) -> None:
        group = self.group
        if group.final_snapshot and self._pending_snapshots():
            self._start_all()
            for snapshot in self._pending_snapshots():
                self._save(snapshot)
        for member in [*group.members, *group.leaving]:
            self._delete_member(member)
        for name in group.endpoint_names:
            self.context.addresses(group.region).release(name)
        with self.context.mutation():
            self._release_seed()
            (self.state.clusters if group.standalone else self.state.groups).pop(group.name, None)
            self._note("Cache cluster deleted" if group.standalone else "Replication group deleted")

    def _delete_member(self, member: Member) -> None:
        self.engines.kill(member)
        shutil.rmtree(self.engines.folder(member), ignore_errors=True)
        self.context.link(self.group.region).forget(member.address)
        self.context.addresses(self.group.region).release(member.name)
        with self.context.mutation():
            self.group.leaving = [other for other in self.group.leaving if other.name != member.name]

    def _release_seed(self) -> None:
        snapshot = self.state.snapshots.get(self.group.seed)
        if snapshot is not None and snapshot.status == "restoring":
            snapshot.status = "available"
        self.group.seed = ""

    def _note(self, message: str) -> None:
        kind = "cache-cluster" if self.group.standalone else "replication-group"
        note(self.state, self.group.name, kind, message, datetime.now(UTC))

    def _set_failover(self, value: str) -> None:
        with self.context.mutation():
            self.group.failover = value

    def _set_status(self, status: str, before: str | None = None) -> None:
        with self.context.mutation():
            if self.group.status != "deleting" and before in (None, self.group.status):
                self.group.status = status


class SnapshotBacking:
    """The file of a snapshot that is being copied or deleted."""

    def __init__(self, context: CloudContext, state: CacheState, snapshot: Snapshot) -> None:
        self.context, self.state, self.snapshot = context, state, snapshot
        self.key = snapshot.arn

    @property
    def status(self) -> str:
        return self.snapshot.status

    def running(self) -> bool:
        return True

    def stop(self) -> None:
        """It has no process."""

    def reconcile(self) -> None:
        file = self._file(self.snapshot.name)
        if self.snapshot.status == "deleting":
            shutil.rmtree(file.parent, ignore_errors=True)
            with self.context.mutation():
                self.state.snapshots.pop(self.snapshot.name, None)
        elif self.snapshot.copy_of:
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._file(self.snapshot.copy_of), file)
            with self.context.mutation():
                source = self.state.snapshots.get(self.snapshot.copy_of)
                if source is not None:
                    source.status = "available"
                self.snapshot.status = "available"

    def _file(self, name: str) -> Path:
        return snapshot_file(self.context, self.snapshot.region, name)
