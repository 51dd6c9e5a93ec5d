"""The Service proxy (as kube-proxy): syncs HAProxy with the cluster's Services and ready Pods."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import resource
import signal
import socket
from contextlib import suppress
from pathlib import Path

from local import unix_sockets
from local.engines.runtime.files import write
from local.engines.runtime.process import Process
from local.node.addons.endpoints import Endpoint, ServicePort, service_endpoints
from local.node.addons.haproxy import Slots, configuration
from local.node.api import Api, Object
from local.toolchain import tools

log = logging.getLogger(__name__)

CONNECTIONS = 20_000
"""Maximum of concurrent connections; each takes two file descriptors."""
_RESERVED_DESCRIPTORS = 500
_SIGNAL_RETRY_SECONDS = 0.5
_DEBOUNCE_SECONDS = 0.005
"""Changes come in bursts; those within this time are synced together."""


class Shard:
    """One HAProxy process, running in `folder`. Several share the addresses if one has too few file descriptors."""

    def __init__(self, folder: Path, number: int, connections: int) -> None:
        self._process = Process(folder, f"haproxy-{number}")
        self._config = folder / f"haproxy-{number}.cfg"
        self._socket = folder / f"{number}.sock"
        self._connections = connections

    def alive(self) -> bool:
        return self._process.pid() is not None

    async def load(self, service_ports: list[ServicePort], slots: Slots) -> bool:
        """Starts or reloads HAProxy and returns whether that succeeded; open connections stay with the old worker.

        The signal is repeated, because a master that is still busy with the previous reload loses it.
        """
        text = configuration(service_ports, slots, Path(self._socket.name), self._connections)
        write(self._config, text.encode())
        master, before = self._process.pid(), await self._worker()
        if master is None:
            argv = [str(tools.path("haproxy")), "-W", "-db", "-f", str(self._config)]
            await asyncio.to_thread(self._process.start, argv)
        else:
            os.kill(master, signal.SIGUSR2)
        clock = asyncio.get_running_loop().time
        deadline, repeat = clock() + 10, clock() + _SIGNAL_RETRY_SECONDS
        while (await self._worker()) in (None, before):
            if clock() > deadline:
                log.error("haproxy did not load %s: %s", self._config, self._process.tail())
                return False
            if master is not None and clock() > repeat:
                os.kill(master, signal.SIGUSR2)
                repeat = clock() + _SIGNAL_RETRY_SECONDS
            await asyncio.sleep(0.02)
        return True

    async def command(self, text: str) -> str:
        """Response of the runtime API; empty if HAProxy is not running."""
        try:
            reader, writer = await unix_sockets.connect(self._socket.parent, self._socket.name)
        except OSError:
            return ""
        writer.write(text.encode() + b"\n")
        answer = await reader.read()
        writer.close()
        return answer.decode()

    async def _worker(self) -> str | None:
        found = re.search(r"^Pid: (\d+)$", await self.command("show info"), re.MULTILINE)
        return found[1] if found else None

    def stop(self) -> None:
        self._process.stop(grace=1)


class ServiceProxy:
    """Watches Services and Pods of the whole cluster."""

    def __init__(self, api: Api, folder: Path) -> None:
        self._api = api
        self._folder = folder
        self._services: dict[str, Object] = {}
        self._pods: dict[str, Object] = {}
        self._changed = asyncio.Event()
        self._slots = Slots()
        self._loaded: list[ServicePort] = []
        self._unbindable: set[ServicePort] = set()
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        each = CONNECTIONS if hard == resource.RLIM_INFINITY else min(CONNECTIONS, (hard - _RESERVED_DESCRIPTORS) // 2)
        self._shards = [Shard(folder, n, each) for n in range(max(1, round(CONNECTIONS / each)))]
        host, port = api.address
        self._api_server = Endpoint(host, int(port))

    async def run(self) -> None:
        """Never returns."""
        self._folder.mkdir(parents=True, exist_ok=True)
        services, pods = asyncio.Event(), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._api.inform("/api/v1/services", self._services, self._changed, services))
            group.create_task(self._api.inform("/api/v1/pods", self._pods, self._changed, pods))
            await asyncio.gather(services.wait(), pods.wait())
            group.create_task(self._sync_forever())

    def stop(self) -> None:
        for shard in self._shards:
            shard.stop()

    async def _sync_forever(self) -> None:
        self._changed.set()
        while True:
            with suppress(TimeoutError):  # check periodically that every HAProxy is running
                async with asyncio.timeout(2):
                    await self._changed.wait()
            self._changed.clear()
            await self._sync()
            await asyncio.sleep(_DEBOUNCE_SECONDS)

    async def _sync(self) -> None:
        desired = service_endpoints(self._services.values(), self._pods.values(), self._api_server)
        listening = sorted(port for port in desired if port in self._loaded or self._can_bind(port))
        commands = self._slots.update({port: desired[port] for port in listening})
        if listening != self._loaded:
            loaded = await asyncio.gather(*(shard.load(listening, self._slots) for shard in self._shards))
            if all(loaded):
                self._loaded = listening
            return
        for shard in self._shards:
            if not shard.alive():
                await shard.load(listening, self._slots)
            elif commands:
                answer = (await shard.command(";".join(commands))).strip()
                if "No such" in answer or "can't" in answer.lower():
                    log.error("haproxy: %s", answer)

    def _can_bind(self, port: ServicePort) -> bool:
        """Whether HAProxy can bind this address; otherwise it would reject the whole configuration."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((port.address, port.port))
            except OSError as error:
                if port not in self._unbindable:
                    log.warning("cannot listen on %s:%d: %s", port.address, port.port, error)
                self._unbindable.add(port)
                return False
        self._unbindable.discard(port)
        return True
