"""Keeps HAProxy equal to what is declared: a reload when routes, certificates or keys change, runtime commands when
only Pods do."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import structlog

from local.gateway.endpoints import Endpoint, endpoints
from local.gateway.haproxy.jwks import PublicKey
from local.gateway.haproxy.process import Haproxy
from local.gateway.haproxy.render import CERTIFICATES, KEYS, Setting, certificate_file, render
from local.gateway.haproxy.slots import Slots, arrange, commands
from local.gateway.routing.listeners import bundle
from local.gateway.routing.plan import Key, Plan, World

log = structlog.stdlib.get_logger(__name__)


class Proxy:
    """HAProxy in `folder`, serving the plan that it was last given."""

    def __init__(self, folder: Path, setting: Setting) -> None:
        self.setting = setting
        self.haproxy = Haproxy(folder, setting.peer)
        self._folder = folder
        self._slots: dict[str, Slots] = {}
        self._loaded: tuple[str, Mapping[str, bytes]] | None = None

    async def serve(self, plan: Plan, certificates: Mapping[Key, bytes], keys: tuple[PublicKey, ...],
                    servers: Mapping[str, list[Endpoint]]) -> None:  # fmt: skip
        """Raises ConfigurationRefused (goes on as before) or HaproxyFailed. `servers` are those of each backend."""
        slots = {name: arrange(wanted, self._slots.get(name, ())) for name, wanted in servers.items()}
        files = {certificate_file(name): content for name, content in certificates.items()}
        files |= {key.file: key.pem for key in keys}
        verification = [key.verification() for key in keys]
        empty = {name: (None,) * len(arrangement) for name, arrangement in slots.items()}
        wanted = render(plan, self.setting, verification, empty), files
        if wanted == self._loaded:
            changes = [line for name in slots for line in commands(name, self._slots[name], slots[name])]
            await self.haproxy.run(changes)
            if changes:
                log.info("servers_changed", commands=changes)
        else:
            self._write(files)
            await self.haproxy.load(render(plan, self.setting, verification, slots))
            self._loaded = wanted
            self._prune(files)
            log.info("loaded", doors=[door.port for door in plan.doors], backends=len(plan.backends), keys=len(keys))
        self._slots = slots

    def _write(self, files: Mapping[str, bytes]) -> None:
        for name, content in files.items():
            file = self._folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            unfinished = file.with_suffix(".new")
            unfinished.unlink(missing_ok=True)
            with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
                handle.write(content)
            unfinished.replace(file)

    def _prune(self, files: Mapping[str, bytes]) -> None:
        for folder in (CERTIFICATES, KEYS):
            for file in (self._folder / folder).glob("*.pem"):
                if f"{folder}/{file.name}" not in files:
                    file.unlink()


def shown_certificates(plan: Plan, world: World) -> dict[Key, bytes]:
    """Certificate and key of each Secret that a door shows."""
    found = {name: bundle(world.secrets[name]) for door in plan.doors for name in door.certificates}
    return {name: content for name, content in found.items() if content is not None}


def servers(plan: Plan, world: World) -> dict[str, list[Endpoint]]:
    """Ready endpoints of each backend, by its name."""
    pods = list(world.pods.values())
    return {
        backend.name: endpoints(service, backend.port, pods) if (service := world.services.get(backend.service)) else []
        for backend in plan.backends
    }
