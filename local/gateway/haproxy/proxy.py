"""Applies plans to HAProxy: by a reload when routes, certificates or keys change, by runtime commands when only
endpoints do."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import structlog

from local.gateway.cache import ObjectCache
from local.gateway.endpoints import Endpoint, endpoints
from local.gateway.haproxy.process import Haproxy
from local.gateway.haproxy.render import (
    CERTIFICATES,
    KEYS,
    PATTERN_FILES,
    ProxySettings,
    certificate_file,
    key_file,
    render,
)
from local.gateway.haproxy.slots import Slots, assign, runtime_commands
from local.gateway.objects import NamespacedName
from local.gateway.routing.listeners import pem_bundle
from local.gateway.routing.plan import Plan

log = structlog.stdlib.get_logger(__name__)


class Proxy:
    """HAProxy in `folder`, serving the plan that was applied last."""

    def __init__(self, folder: Path, settings: ProxySettings) -> None:
        self.settings = settings
        self.haproxy = Haproxy(folder, settings.peer)
        self._folder = folder
        self._slots: dict[str, Slots] = {}
        self._loaded: tuple[str, Mapping[str, bytes]] | None = None

    def needs_reload(self, plan: Plan, certificates: Mapping[NamespacedName, bytes],
                     servers: Mapping[str, list[Endpoint]]) -> bool:  # fmt: skip
        """Whether `apply` with the same arguments would reload HAProxy."""
        return self._desired(plan, certificates, self._assigned(servers)) != self._loaded

    async def apply(self, plan: Plan, certificates: Mapping[NamespacedName, bytes],
                    servers: Mapping[str, list[Endpoint]]) -> None:  # fmt: skip
        """`servers` are those of each backend. Raises ConfigurationRejected (nothing changed) or HaproxyFailed."""
        slots = self._assigned(servers)
        desired = self._desired(plan, certificates, slots)
        if desired == self._loaded:
            await self._change_servers(slots)
        else:
            self._write_files(desired[1])
            await self.haproxy.load(render(plan, self.settings, slots))
            self._loaded = desired
            self._delete_unused(desired[1])
            log.info(
                "configuration_loaded",
                ports=[frontend.port for frontend in plan.frontends],
                backends=len(plan.backends),
                keys=[one.key for one in plan.credentials],
            )
        self._slots = slots

    async def move_servers(self, servers: Mapping[str, list[Endpoint]]) -> None:
        """Changes the servers of the loaded backends, as far as they have slots, while a reload has to wait."""
        slots = {name: found for name, found in self._assigned(servers).items() if name in self._slots}
        slots = {name: found for name, found in slots.items() if len(found) == len(self._slots[name])}
        await self._change_servers(slots)
        self._slots |= slots

    async def _change_servers(self, slots: Mapping[str, Slots]) -> None:
        changes = [line for name in slots for line in runtime_commands(name, self._slots[name], slots[name])]
        await self.haproxy.run_commands(changes)
        if changes:
            log.info("servers_changed", commands=changes)

    def _assigned(self, servers: Mapping[str, list[Endpoint]]) -> dict[str, Slots]:
        return {name: assign(desired, self._slots.get(name, ())) for name, desired in servers.items()}

    def _desired(self, plan: Plan, certificates: Mapping[NamespacedName, bytes],
                 slots: Mapping[str, Slots]) -> tuple[str, Mapping[str, bytes]]:  # fmt: skip
        """The configuration without its servers, and its files: a change of them needs a reload."""
        files = {certificate_file(name): content for name, content in certificates.items()}
        files |= {key_file(one): one.pem for one in plan.credentials} | PATTERN_FILES
        empty = {name: (None,) * len(assigned) for name, assigned in slots.items()}
        return render(plan, self.settings, empty), files

    def _write_files(self, files: Mapping[str, bytes]) -> None:
        for name, content in files.items():
            file = self._folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            unfinished = file.with_suffix(".new")
            unfinished.unlink(missing_ok=True)
            with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
                handle.write(content)
            unfinished.replace(file)

    def _delete_unused(self, files: Mapping[str, bytes]) -> None:
        for folder in (CERTIFICATES, KEYS):
            for file in (self._folder / folder).glob("*.pem"):
                if f"{folder}/{file.name}" not in files:
                    file.unlink()


def certificate_bundles(plan: Plan, cache: ObjectCache) -> dict[NamespacedName, bytes]:
    """Certificate chain and key of each Secret that a frontend uses."""
    found = {name: pem_bundle(cache.secrets[name]) for frontend in plan.frontends for name in frontend.certificates}
    return {name: content for name, content in found.items() if content is not None}


def backend_servers(plan: Plan, cache: ObjectCache) -> dict[str, list[Endpoint]]:
    """Ready endpoints of each backend by its name."""
    pods = list(cache.pods.values())
    return {
        backend.name: endpoints(service, backend.port, pods) if (service := cache.services.get(backend.service)) else []
        for backend in plan.backends
    }
