"""The Redis processes of a replication group."""

from __future__ import annotations

from local.cloud.context import CloudContext
from local.cloud.svc.elasticache.model import CacheState, Group, Member
from local.engines.redis import Redis


class ReplicationGroupBacking:
    """A primary and its replicas. A dead one is restarted with its data; the group is `modifying` meanwhile."""

    def __init__(self, context: CloudContext, state: CacheState, group: Group) -> None:
        self.context, self.state, self.group = context, state, group
        self.key = group.arn

    @property
    def status(self) -> str:
        return self.group.status

    def running(self) -> bool:
        return all(engine.process.pid() is not None for engine in self._engines())

    def reconcile(self) -> None:
        group = self.group
        if group.status == "deleting":
            self._delete()
            return
        for member in list(group.leaving):
            self._delete_member(member)
        if group.status == "available":
            if self.running():
                return
            self._set_status("modifying")
        for engine in self._engines():  # the primary first: a replica is ready once it has synchronised with it
            engine.ensure()
        self._set_status("available")

    def stop(self) -> None:
        for engine in self._engines():
            engine.stop()

    def _engines(self) -> list[Redis]:
        return [self._engine(member) for member in self.group.members]

    def _engine(self, member: Member) -> Redis:
        group = self.group
        folder = self.context.folder(group.region, "elasticache", member.name)
        parameters = self.state.parameter_groups.get(group.inputs.get("CacheParameterGroupName", ""))
        primary = None if member is group.members[0] else group.members[0].address
        return Redis(folder, member.address, group.port, primary, parameters.parameters if parameters else None)

    def _delete(self) -> None:
        for member in [*self.group.members, *self.group.leaving]:
            self._delete_member(member)
        with self.context.mutation():
            self.state.groups.pop(self.group.name, None)

    def _delete_member(self, member: Member) -> None:
        self._engine(member).delete()
        self.context.addresses(self.group.region).release(member.name)
        with self.context.mutation():
            self.group.leaving = [other for other in self.group.leaving if other.name != member.name]

    def _set_status(self, status: str) -> None:
        with self.context.mutation():
            if self.group.status != "deleting":
                self.group.status = status
