"""The Redis processes of a replication group."""

from __future__ import annotations

from local.cloud.svc.elasticache.model import CacheState, Group, Member
from local.cloud.world import World
from local.engines.redis import Redis


class GroupBody:
    """A primary and its replicas. A dead one is started again with its data; the group is `modifying` meanwhile."""

    def __init__(self, world: World, state: CacheState, group: Group) -> None:
        self.world, self.state, self.group = world, state, group
        self.key = group.arn

    @property
    def status(self) -> str:
        return self.group.status

    def running(self) -> bool:
        return all(engine.process.pid() is not None for engine in self._engines())

    def step(self) -> None:
        group = self.group
        if group.status == "deleting":
            self._delete()
            return
        for member in list(group.leaving):
            self._end(member)
        if group.status == "available":
            if self.running():
                return
            self._tell("modifying")
        for engine in self._engines():  # the primary first: a replica is ready only once it has copied it
            engine.ensure()
        self._tell("available")

    def stop(self) -> None:
        for engine in self._engines():
            engine.stop()

    def _engines(self) -> list[Redis]:
        return [self._engine(member) for member in self.group.members]

    def _engine(self, member: Member) -> Redis:
        group = self.group
        folder = self.world.folder(group.region, "elasticache", member.name)
        parameters = self.state.parameter_groups.get(group.inputs.get("CacheParameterGroupName", ""))
        primary = None if member is group.members[0] else group.members[0].address
        return Redis(folder, member.address, group.port, primary, parameters.parameters if parameters else None)

    def _delete(self) -> None:
        for member in [*self.group.members, *self.group.leaving]:
            self._end(member)
        with self.world.changing():
            self.state.groups.pop(self.group.name, None)

    def _end(self, member: Member) -> None:
        self._engine(member).delete()
        self.world.addresses(self.group.region).release(member.name)
        with self.world.changing():
            self.group.leaving = [other for other in self.group.leaving if other.name != member.name]

    def _tell(self, status: str) -> None:
        with self.world.changing():
            if self.group.status != "deleting":
                self.group.status = status
