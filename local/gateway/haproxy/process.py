"""The HAProxy process: a master that holds the listening sockets, and a worker that it replaces at each reload."""

from __future__ import annotations

import asyncio
import ctypes
import re
import signal
from asyncio.subprocess import Process
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from local import unix_sockets
from local.engines.runtime.ports import AddressInUse, wait_until_free
from local.toolchain import tools

CONFIGURATION = "haproxy.cfg"
_MASTER_SOCKET = "master.sock"
_READY_SECONDS = 10.0
_BATCH = 100
_PR_SET_PDEATHSIG = 1
_BIND = re.compile(r"^\s*bind ([\d.]+):(\d+)", re.MULTILINE)
_libc = ctypes.CDLL(None, use_errno=True)


class ConfigurationRejected(RuntimeError):
    """The new configuration is invalid; HAProxy keeps the old one."""


class HaproxyFailed(RuntimeError):
    """HAProxy exited, does not answer, or rejected a runtime command."""


class Haproxy:
    """HAProxy running in `folder`, under the local peer name `peer`. The folder, which has its sockets, may be deep."""

    def __init__(self, folder: Path, peer: str) -> None:
        self.folder = folder
        self.peer = peer
        self._master: Process | None = None
        self._worker: int | None = None
        self._started = asyncio.Event()

    async def load(self, configuration: str) -> None:
        """Starts HAProxy, or reloads it without dropping a connection.

        Raises ConfigurationRejected (nothing changed) or HaproxyFailed.
        """
        await self._check(configuration)
        if self._master is None:
            await self._wait_until_free(configuration)
            self._master = await asyncio.create_subprocess_exec(
                tools.path("haproxy"),
                *("-W", "-db", "-L", self.peer, "-S", f"unix@{_MASTER_SOCKET}", "-f", CONFIGURATION),
                cwd=self.folder, preexec_fn=_end_with_parent,
            )  # fmt: skip
        else:
            self._master.send_signal(signal.SIGUSR2)
        self._worker = await self._next_worker(self._worker)
        self._started.set()

    async def run_commands(self, commands: Sequence[str]) -> None:
        """Sends `set server` commands to the worker; raises HaproxyFailed if one is rejected."""
        for start in range(0, len(commands), _BATCH):
            batch = commands[start : start + _BATCH]
            answer = await self._call_master(";".join(f"@!{self._worker} {command}" for command in batch))
            rejected = [line for line in answer.splitlines() if line.strip() and not _is_success(line)]
            if rejected:
                raise HaproxyFailed(f"HAProxy rejected {'; '.join(batch)}: {' '.join(rejected)}")

    async def old_workers(self) -> int:
        """How many workers from before the last reload still have connections; 0 before the start."""
        if self._master is None:
            return 0
        try:
            return count_old_workers(await self._call_master("show proc"))
        except (OSError, TimeoutError) as error:
            raise HaproxyFailed(f"HAProxy's master does not answer: {error}") from error

    async def raise_on_exit(self) -> None:
        """Raises HaproxyFailed when HAProxy, once started, exits."""
        await self._started.wait()
        assert self._master is not None
        raise HaproxyFailed(f"HAProxy exited with code {await self._master.wait()}")

    async def stop(self, drain: float) -> None:
        """Closes the listening sockets, waits up to `drain` seconds for connections to end, and exits."""
        if self._master is None or self._master.returncode is not None:
            return
        self._master.send_signal(signal.SIGUSR1)
        try:
            async with asyncio.timeout(drain):
                await self._master.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):  # it may have ended meanwhile
                self._master.terminate()
            await self._master.wait()

    async def _wait_until_free(self, configuration: str) -> None:
        """HAProxy shares an address with another HAProxy (SO_REUSEPORT): an ending one would get half of the
        connections."""
        addresses = [(host, int(port)) for host, port in _BIND.findall(configuration)]
        try:
            await asyncio.to_thread(wait_until_free, addresses)
        except AddressInUse as error:
            raise HaproxyFailed(str(error)) from error

    async def _check(self, configuration: str) -> None:
        candidate = self.folder / f"{CONFIGURATION}.new"
        candidate.write_text(configuration)
        check = await asyncio.create_subprocess_exec(
            tools.path("haproxy"), "-c", "-L", self.peer, "-f", candidate.name,
            cwd=self.folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await check.communicate()
        if check.returncode != 0:
            alerts = [line for line in output.decode(errors="replace").splitlines() if "[NOTICE]" not in line]
            raise ConfigurationRejected("\n".join(alerts).strip())
        candidate.replace(self.folder / CONFIGURATION)

    async def _next_worker(self, before: int | None) -> int:
        """Pid of the worker that replaced `before`, once it serves."""
        assert self._master is not None
        deadline = asyncio.get_running_loop().time() + _READY_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            if self._master.returncode is not None:
                raise HaproxyFailed(f"HAProxy exited with code {self._master.returncode}")
            try:
                worker = current_worker(await self._call_master("show proc"))
            except (OSError, TimeoutError):
                worker = None  # the master is re-executing itself
            if worker is not None and worker != before:
                return worker
            await asyncio.sleep(0.02)
        raise HaproxyFailed(f"no new HAProxy worker is ready after {_READY_SECONDS:g} s; see its log")

    async def _call_master(self, line: str) -> str:
        async with asyncio.timeout(2):
            reader, writer = await unix_sockets.connect(self.folder, _MASTER_SOCKET)
            try:
                writer.write(f"{line};quit\n".encode())  # else it waits for more commands
                return (await reader.read()).decode()
            finally:
                writer.close()


def current_worker(processes: str) -> int | None:
    """Pid of the current worker, from the output of the master's `show proc`."""
    found = re.search(r"^# workers\n(\d+)\s+worker\s+0\s", processes, re.MULTILINE)
    return int(found[1]) if found else None


def count_old_workers(processes: str) -> int:
    """From the output of the master's `show proc`."""
    section = processes.partition("# old workers\n")[2].partition("#")[0]
    return len(re.findall(r"^\d+\s+worker\s", section, re.MULTILINE))


def _is_success(line: str) -> bool:
    """`set server addr` prints what it changed; other commands print nothing unless they fail."""
    return "changed from" in line or line.startswith("no need to change")


def _end_with_parent() -> None:
    """HAProxy ends with a killed controller; otherwise it would serve old routes beside the next one."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
