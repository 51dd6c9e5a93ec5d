"""The Redis processes of a replication group."""

from __future__ import annotations

import shutil
from pathlib import Path

from local.cloud.context import CloudContext
from local.cloud.svc.elasticache.model import CacheState, Group, Member
from local.engines.redis import Access, Redis, Tls
from local.engines.runtime.process import Process


class ReplicationGroupBacking:
    """A primary and its replicas. A dead one is restarted with its data; the group is `modifying` meanwhile."""

    def __init__(self, context: CloudContext, state: CacheState, group: Group) -> None:
        self.context, self.state, self.group = context, state, group
        self.key = group.arn

    @property
    def status(self) -> str:
        return self.group.status

    def running(self) -> bool:
        return all(self._process(member).pid() is not None for member in self.group.members)

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
        for member in (*self.group.replicas, self.group.primary):
            self._process(member).stop()

    def _engines(self) -> list[Redis]:
        return [self._engine(member) for member in (self.group.primary, *self.group.replicas)]

    def _engine(self, member: Member) -> Redis:
        group = self.group
        parameters = self.state.parameter_groups.get(group.inputs.get("CacheParameterGroupName", ""))
        return Redis(
            self._folder(member),
            member.address,
            group.port,
            None if member is group.primary else group.primary.address,
            parameters.parameters if parameters else None,
            aliases=group.aliases(member),
            tls=self._tls(member) if group.encrypted_in_transit else None,
            access=self._access(),
        )

    def _access(self) -> Access | None:
        group = self.group
        if not group.administrator:
            return None
        return Access(group.administrator, group.auth.tokens, group.auth.required)

    def _tls(self, member: Member) -> Tls:
        """Certified for every address that may ever lead to this member; kept with its data."""
        authority, endpoints = self.context.authority, self.group.endpoints
        assert endpoints is not None  # groups with TLS are made with endpoints
        hosts = (member.address, endpoints.primary, endpoints.reader)
        pair = authority.pair(str(self._folder(member) / "server"), member.name, hosts=hosts)
        return Tls(pair, authority.certificate)

    def _folder(self, member: Member) -> Path:
        return self.context.folder(self.group.region, "elasticache", member.name)

    def _process(self, member: Member) -> Process:
        return Process(self._folder(member), "redis")

    def _delete(self) -> None:
        for member in [*self.group.members, *self.group.leaving]:
            self._delete_member(member)
        for name in self.group.endpoint_names:
            self.context.addresses(self.group.region).release(name)
        with self.context.mutation():
            self.state.groups.pop(self.group.name, None)

    def _delete_member(self, member: Member) -> None:
        self._process(member).kill()
        shutil.rmtree(self._folder(member), ignore_errors=True)
        self.context.addresses(self.group.region).release(member.name)
        with self.context.mutation():
            self.group.leaving = [other for other in self.group.leaving if other.name != member.name]

    def _set_status(self, status: str) -> None:
        with self.context.mutation():
            if self.group.status != "deleting":
                self.group.status = status
