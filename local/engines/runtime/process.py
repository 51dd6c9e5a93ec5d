"""Processes that outlive their parent: starts, finds again and ends programs.

A process writes its own record (pid, start tick, boot id) before it executes the program. So a parent that is killed at
any moment leaves either no process or one that the next parent finds, and a pid that the kernel has reused is never
mistaken for the recorded process.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from local.engines.runtime.ports import Address, AddressInUse, wait_until_free

LOG_LIMIT = 16 << 20
"""A log longer than this many bytes is rotated at the next start."""

# `exec` keeps pid and start tick, so the record of the shell is valid for the program.
_RECORD_THEN_EXEC = """
record=$1 boot=$2; shift 2
read -r stat < /proc/$$/stat
tick() { shift 19; echo "$$ $1 $boot"; }
tick ${stat##*) } > "$record.new" && mv "$record.new" "$record" && exec "$@"
"""

RECORD_VARIABLE = "AURA_PROCESS"
"""Variable with the path of the record. Children inherit it; other recorded processes have their own."""

START_SECONDS = 180.0
"""How long an engine may take until it is ready. One that ends is told at once; other work on the same processors must
not make a start a failure."""
_EXEC_SECONDS = 1.0
"""How long an empty environment is read again: it is empty during exec, which ends as soon as the process gets
processor time."""

_children: dict[int, subprocess.Popen[bytes]] = {}
_children_lock = threading.Lock()


class EngineFailed(RuntimeError):
    """A program ended, or did not become ready; the message has the end of its log."""


@dataclass(frozen=True)
class Identity:
    """The unique identity of a process: the start tick differs when a pid is reused."""

    pid: int
    tick: str


class Process:
    """The program `name` of `folder`. Its record is <name>.process; its output is appended to <name>.log."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = name
        self.record = folder / f"{name}.process"
        self.log = folder / f"{name}.log"

    def pid(self) -> int | None:
        """The pid of the recorded process, or None when it has ended; a zombie has ended, with its last thread."""
        recorded = self._recorded()
        return recorded.pid if recorded and _alive(recorded) else None

    def start(
        self,
        argv: Sequence[str | Path],
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        listens: Sequence[Address] = (),
    ) -> int:
        """Starts the program in a new session unless it runs already; returns the pid in both cases.

        `env`, if given, replaces the environment. `listens` are the addresses that the program needs; it is started
        once they are free. Raises EngineFailed when one stays in use or the process cannot be started.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._locked():
            running = self.pid()
            if running is not None:
                return running
            try:
                wait_until_free(listens)
            except AddressInUse as error:
                raise EngineFailed(f"{self.name} cannot be started: {error}; end it and repeat") from error
            self.record.unlink(missing_ok=True)
            if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
                self.log.replace(self.log.with_suffix(".log.1"))
            shell = ["/bin/sh", "-c", _RECORD_THEN_EXEC, self.name, str(self.record.resolve()), boot_id()]
            with self.log.open("ab") as log:
                child = subprocess.Popen(
                    [*shell, *map(str, argv)],
                    cwd=cwd or self.folder,
                    env={**(os.environ if env is None else env), RECORD_VARIABLE: str(self.record)},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            with _children_lock:
                _children[child.pid] = child
            while not self.record.exists() and child.poll() is None:
                time.sleep(0.002)
        if not self.record.exists():
            raise EngineFailed(f"{self.name} could not be started (exit {child.returncode}): {self.tail()}")
        return child.pid

    def stop(self, grace: float = 20.0, sig: signal.Signals = signal.SIGTERM) -> None:
        """Sends `sig`, waits up to `grace` seconds, and kills the program and all its descendants."""
        leader = self._recorded()
        if leader is None:
            return
        family = descendants(leader)
        if _alive(leader):
            _send(leader, sig)
            deadline = time.monotonic() + grace
            while _alive(leader) and time.monotonic() < deadline:
                time.sleep(0.02)
        self._end(leader, family)

    def kill(self) -> None:
        """Kills the program and all its descendants at once, as a power cut would."""
        leader = self._recorded()
        if leader is not None:
            self._end(leader, set())

    def tail(self, size: int = 800) -> str:
        """The last `size` bytes of the log."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - size))
                return log.read().decode(errors="replace").strip()
        except FileNotFoundError:
            return "(no log)"

    def wait_until(self, probe: Callable[[], bool], seconds: float, every: float = 0.05) -> None:
        """Returns when `probe` is true; raises EngineFailed when the process ends first or `seconds` pass."""
        deadline = time.monotonic() + seconds
        while not probe():
            if self.pid() is None:
                raise EngineFailed(f"{self.name} ended before it was ready; its log {self.log} ends: {self.tail()}")
            if time.monotonic() > deadline:
                raise EngineFailed(
                    f"{self.name} was not ready after {seconds:.0f} s; its log {self.log} ends: {self.tail()}"
                )
            time.sleep(every)

    def _recorded(self) -> Identity | None:
        try:
            pid, tick, boot = self.record.read_text().split()
        except (FileNotFoundError, ValueError):
            return None
        return Identity(int(pid), tick) if boot == boot_id() else None

    def _end(self, leader: Identity, family: set[Identity]) -> None:
        # A stopped leader starts no more children while its descendants are collected.
        if _alive(leader):
            _send(leader, signal.SIGSTOP)
        family = family | descendants(leader) | {leader}
        for member in family:
            _send(member, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while any(_alive(member) for member in family):
            if time.monotonic() > deadline:
                raise EngineFailed(f"{self.name} (pid {leader.pid}) does not end after SIGKILL")
            time.sleep(0.01)
        self.record.unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Serialises starts of the same program across processes."""
        with (self.folder / f"{self.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def kill_recorded(folder: Path) -> None:
    """Kills every process with a record below `folder`, including those that are started meanwhile."""
    while records := list(folder.rglob("*.process")):
        for record in records:
            Process(record.parent, record.name.removesuffix(".process")).kill()
            record.unlink(missing_ok=True)


def boot_id() -> str:
    """Changes with every boot, which invalidates all recorded pids."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def descendants(leader: Identity) -> set[Identity]:
    """All living processes that `leader` has started: its children, their children, and the processes of its session.

    A process with its own record does not count as a descendant: engines outlive the endpoint that starts them.
    """
    if not _alive(leader):
        return set()
    own = _record_variable(leader)
    children: dict[int, list[Identity]] = {}
    found: set[Identity] = set()
    for entry in Path("/proc").iterdir():
        fields = _stat(int(entry.name)) if entry.name.isdigit() else None
        if fields is None:
            continue
        identity = Identity(int(entry.name), fields[19])
        if int(fields[1]) == leader.pid and _record_variable(identity) not in (None, own):
            continue
        children.setdefault(int(fields[1]), []).append(identity)
        if int(fields[3]) == leader.pid and identity != leader:
            found.add(identity)
    todo = [leader, *found]
    while todo:
        for identity in children.get(todo.pop().pid, []):
            if identity not in found:
                found.add(identity)
                todo.append(identity)
    return found


def _stat(pid: int) -> list[str] | None:
    """Fields of /proc/<pid>/stat from the third on (proc(5)); None when the process does not exist."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def _record_variable(identity: Identity) -> bytes | None:
    """Value of the record variable; None when it is not set, or a process title has overwritten the environment."""
    deadline = time.monotonic() + _EXEC_SECONDS
    try:
        while not (variables := Path(f"/proc/{identity.pid}/environ").read_bytes()):
            fields = _stat(identity.pid)
            if fields is None or fields[0] in "ZX" or time.monotonic() > deadline:
                return None
            time.sleep(0.001)
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    return next((v for v in variables.split(b"\0") if v.startswith(RECORD_VARIABLE.encode() + b"=")), None)


def _alive(identity: Identity) -> bool:
    with _children_lock:  # reap: a dead child keeps its pid and start tick until it is reaped
        child = _children.get(identity.pid)
        if child is not None and child.poll() is not None:
            del _children[identity.pid]
    fields = _stat(identity.pid)
    if fields is None or fields[19] != identity.tick:
        return False
    return fields[0] not in "ZX" or _has_other_threads(identity.pid)


def _has_other_threads(pid: int) -> bool:
    """Whether threads outlive the first one, which is a zombie until then: they hold the files and sockets."""
    try:
        return any(entry.name != str(pid) for entry in Path(f"/proc/{pid}/task").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return False


def _send(identity: Identity, sig: signal.Signals) -> None:
    if _alive(identity):
        with suppress(ProcessLookupError):  # it has ended, as intended
            os.kill(identity.pid, sig)
