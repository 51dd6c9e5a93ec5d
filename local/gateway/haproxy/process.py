"""The HAProxy process: a master that keeps the sockets, and workers that it replaces at a reload."""

from __future__ import annotations

import asyncio
import ctypes
import re
import signal
from asyncio.subprocess import Process
from collections.abc import Sequence
from pathlib import Path

from local import sockets
from local.toolchain import tools

CONFIGURATION = "haproxy.cfg"
_MASTER_SOCKET = "master.sock"
_SECONDS = 10.0
_BATCH = 100
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class ConfigurationRefused(RuntimeError):
    """HAProxy can't use the new configuration; it goes on with the one before."""


class HaproxyFailed(RuntimeError):
    """HAProxy ended, does not answer, or refused a runtime command."""


class Haproxy:
    """HAProxy run in `folder`, named `peer` to itself. Sockets lie in the folder, however long its path is."""

    def __init__(self, folder: Path, peer: str) -> None:
        self.folder = folder
        self.peer = peer
        self._master: Process | None = None
        self._worker: int | None = None
        self._started = asyncio.Event()

    async def load(self, configuration: str) -> None:
        """Starts HAProxy, or makes it take over to a new configuration without dropping a connection.

        Raises ConfigurationRefused (nothing changed) or HaproxyFailed.
        """
        await self._check(configuration)
        if self._master is None:
            self._master = await asyncio.create_subprocess_exec(
                tools.path("haproxy"),
                *("-W", "-db", "-L", self.peer, "-S", f"unix@{_MASTER_SOCKET}", "-f", CONFIGURATION),
                cwd=self.folder, preexec_fn=_end_with_parent,
            )  # fmt: skip
        else:
            self._master.send_signal(signal.SIGUSR2)
        self._worker = await self._next_worker(self._worker)
        self._started.set()

    async def run(self, commands: Sequence[str]) -> None:
        """Runtime commands of the kind `set server`; raises HaproxyFailed if one is refused."""
        for start in range(0, len(commands), _BATCH):
            batch = commands[start : start + _BATCH]
            answer = await self._ask(";".join(f"@!{self._worker} {command}" for command in batch))
            refused = [line for line in answer.splitlines() if line.strip() and not _harmless(line)]
            if refused:
                raise HaproxyFailed(f"HAProxy refused {'; '.join(batch)}: {' '.join(refused)}")

    async def guard(self) -> None:
        """Waits until HAProxy was started and ends, and raises HaproxyFailed."""
        await self._started.wait()
        assert self._master is not None
        raise HaproxyFailed(f"HAProxy ended with exit code {await self._master.wait()}")

    async def stop(self, drain: float) -> None:
        """Closes the ports, lets connections end for `drain` seconds, and ends."""
        if self._master is None or self._master.returncode is not None:
            return
        self._master.send_signal(signal.SIGUSR1)
        try:
            await asyncio.wait_for(self._master.wait(), drain)
        except TimeoutError:
            self._master.terminate()
            await self._master.wait()

    async def _check(self, configuration: str) -> None:
        candidate = self.folder / f"{CONFIGURATION}.new"
        candidate.write_text(configuration)
        check = await asyncio.create_subprocess_exec(
            tools.path("haproxy"), "-c", "-q", "-L", self.peer, "-f", candidate.name,
            cwd=self.folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await check.communicate()
        if check.returncode != 0:
            raise ConfigurationRefused(output.decode(errors="replace").strip())
        candidate.replace(self.folder / CONFIGURATION)

    async def _next_worker(self, before: int | None) -> int:
        """Pid of the worker that took over from `before`, once it serves."""
        assert self._master is not None
        deadline = asyncio.get_running_loop().time() + _SECONDS
        while asyncio.get_running_loop().time() < deadline:
            if self._master.returncode is not None:
                raise HaproxyFailed(f"HAProxy ended with exit code {self._master.returncode}")
            try:
                worker = current_worker(await self._ask("show proc"))
            except (OSError, TimeoutError):
                worker = None  # the master is starting itself anew
            if worker is not None and worker != before:
                return worker
            await asyncio.sleep(0.02)
        raise HaproxyFailed(f"no new HAProxy process serves after {_SECONDS:g} s; its log says why")

    async def _ask(self, line: str) -> str:
        async with asyncio.timeout(2):
            reader, writer = await sockets.connect(self.folder, _MASTER_SOCKET)
            try:
                writer.write(f"{line};quit\n".encode())  # it would wait for more
                return (await reader.read()).decode()
            finally:
                writer.close()


def current_worker(processes: str) -> int | None:
    """Pid of the worker that serves, from the master's `show proc`."""
    found = re.search(r"^# workers\n(\d+)\s+worker\s+0\s", processes, re.MULTILINE)
    return int(found[1]) if found else None


def _harmless(line: str) -> bool:
    """`set server addr` answers with what it changed, everything else with nothing unless it failed."""
    return "changed from" in line or line.startswith("no need to change")


def _end_with_parent() -> None:
    """A controller killed by force takes HAProxy along; left alone it would serve old routes beside the next one."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
