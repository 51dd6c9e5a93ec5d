"""Applies plans to HAProxy: by a reload when routes, certificates or keys change, by runtime commands when only
endpoints do."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import structlog

from local.gateway.cache import ObjectCache
from local.gateway.endpoints import Endpoint, endpoints
from local.gateway.haproxy.jwks import PublicKey
from local.gateway.haproxy.process import Haproxy
from local.gateway.haproxy.render import CERTIFICATES, KEYS, ProxySettings, certificate_file, render
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

    async def apply(self, plan: Plan, certificates: Mapping[NamespacedName, bytes], keys: tuple[PublicKey, ...],
                    servers: Mapping[str, list[Endpoint]]) -> None:  # fmt: skip
        """`servers` are those of each backend. Raises ConfigurationRejected (nothing changed) or HaproxyFailed."""
        slots = {name: assign(desired, self._slots.get(name, ())) for name, desired in servers.items()}
        files = {certificate_file(name): content for name, content in certificates.items()}
        files |= {key.file: key.pem for key in keys}
        verification = [key.verification_key() for key in keys]
        empty = {name: (None,) * len(assigned) for name, assigned in slots.items()}
        desired = render(plan, self.settings, verification, empty), files
        if desired == self._loaded:
            changes = [line for name in slots for line in runtime_commands(name, self._slots[name], slots[name])]
            await self.haproxy.run_commands(changes)
            if changes:
                log.info("servers_changed", commands=changes)
        else:
            self._write_files(files)
            await self.haproxy.load(render(plan, self.settings, verification, slots))
            self._loaded = desired
            self._delete_unused(files)
            log.info(
                "configuration_loaded",
                ports=[frontend.port for frontend in plan.frontends],
                backends=len(plan.backends),
                keys=len(keys),
            )
        self._slots = slots

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
