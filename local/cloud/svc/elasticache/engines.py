"""The Redis servers of a group, as its state wants them."""

from __future__ import annotations

from pathlib import Path

from local.cloud.context import CloudContext
from local.cloud.svc.elasticache.catalog.node_types import MEMORY
from local.cloud.svc.elasticache.catalog.parameters import settings
from local.cloud.svc.elasticache.model import CacheState, Group, Member
from local.engines.redis import Access, Redis, Tls
from local.engines.runtime.process import Process


class Engines:
    def __init__(self, context: CloudContext, state: CacheState, group: Group) -> None:
        self.context, self.state, self.group = context, state, group

    def of(self, member: Member, of_former: bool = False) -> Redis:
        """The server of `member`; `of_former`: of one that is still the primary though the state names another."""
        group = self.group
        primary, port = group.primary.address, None
        if of_former or member is group.primary:
            upstream = group.upstream
            primary, port = (upstream.address, upstream.port) if upstream else (None, None)
        return Redis(
            self.folder(member),
            member.address,
            group.port,
            primary,
            self._settings(),
            primary_port=port,
            aliases=group.aliases(member),
            tls=self._tls(member) if group.encrypted_in_transit else None,
            access=self._access(),
        )

    def folder(self, member: Member) -> Path:
        return self.context.folder(self.group.region, "elasticache", member.name)

    def process(self, member: Member) -> Process:
        return Process(self.folder(member), "redis")

    def running(self, member: Member) -> bool:
        shared = self.group.encrypted_in_transit and not self.group.encryption_required
        alive = self.process(member).pid() is not None
        return alive and (not shared or self._shared_port(member).pid() is not None)

    def stop(self, member: Member) -> None:
        self._shared_port(member).stop()
        self.process(member).stop()

    def kill(self, member: Member) -> None:
        self._shared_port(member).kill()
        self.process(member).kill()

    def _shared_port(self, member: Member) -> Process:
        return Process(self.folder(member), "shared-port")

    def _settings(self) -> dict[str, str]:
        group = self.state.parameter_groups.get(self.group.inputs.get("CacheParameterGroupName", ""))
        return settings(group.parameters if group else {}, MEMORY[self.group.node_type])

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
        pair = authority.pair(str(self.folder(member) / "server"), member.name, hosts=hosts)
        return Tls(pair, authority.certificate, self.group.encryption_required)
