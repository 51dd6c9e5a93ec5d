"""Runs of a container: detached processes that a later node process finds again, killed with all their children."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from local.engines.runtime.process import Process
from local.node.runtime import groups
from local.node.runtime.user import User
from local.site import CHECKOUT

POD_UID_VARIABLE = "AURA_POD_UID"
"""Environment variable that identifies every process of a Pod, whatever its parent."""

# Saves the exit code for a later node process. It is a shell because that needs less than a megabyte.
_SHIM = (
    '[ -z "$1" ] || echo $$ > "$1/cgroup.procs"; shift; trap : TERM INT HUP; ulimit -n "$(ulimit -Hn)"; '
    '"$@"; code=$?; echo $code > "$0.new"; mv "$0.new" "$0"'
)
_JOIN = 'echo $$ > "$0"; exec "$@"'
_SANDBOX = Path(__file__).with_name("sandbox.py")
UNKNOWN_EXIT_CODE = 137
"""Exit code of a run that saved none: that of SIGKILL."""


@dataclass(frozen=True)
class Mount:
    """The file or folder `source` appears as `target` inside the container."""

    source: Path
    target: str
    read_only: bool = False


@dataclass(frozen=True)
class ContainerConfig:
    """Command line, environment, working directory and mounts of a container."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: str
    mounts: Sequence[Mount] = field(default_factory=tuple)
    user: User | None = None
    """None: that of the node."""
    files: Sequence[str] = field(default_factory=tuple)
    """Paths of the image's files, which any user can read in a real image."""
    no_new_privileges: bool = False
    read_only_root: bool = False
    """Only `mounts` can be written; done where there are mount namespaces."""
    group: Path | None = None
    """Control group of the Pod."""
    image_identity: str = ""


class Run:
    """Run `number` of the container whose files are in `folder`."""

    def __init__(self, folder: Path, number: int) -> None:
        self.process = Process(folder, str(number))
        self.exit_file = folder / f"{number}.exit"

    @property
    def log(self) -> Path:
        return self.process.log

    def pid(self) -> int | None:
        """Pid of the program itself, while it runs."""
        shim = self.process.pid()
        children = _children(shim) if shim is not None else []
        return children[0] if children else None

    def start(self, config: ContainerConfig, scratch: Path) -> None:
        """Raises EngineFailed if no process starts; a program that can't be executed exits with 126 or 127."""
        self.exit_file.unlink(missing_ok=True)
        argv, env, cwd = list(config.argv), dict(config.env), config.cwd
        if sandbox_available():
            mounts = [[str(mount.source), mount.target, mount.read_only] for mount in config.mounts]
            user = [config.user.uid, config.user.gid, config.user.groups] if config.user and can_change_user() else None
            plan = json.dumps(
                {
                    "scratch": str(scratch),
                    "cwd": cwd,
                    "mounts": mounts,
                    "files": list(config.files),
                    "user": user,
                    "no_new_privileges": config.no_new_privileges,
                    "read_only_root": config.read_only_root,
                }
            )
            argv = [sys.executable, "-I", "-S", str(_SANDBOX), plan, *argv]
        else:
            env = without_mounts(env, config.mounts)
        shim = ["/bin/sh", "-c", _SHIM, str(self.exit_file.resolve()), str(config.group or "")]
        self.process.start([*shim, *argv], env=env, cwd=CHECKOUT)

    async def wait(self) -> int:
        """Waits for the exit; returns the exit code (128 + n for signal n)."""
        shim = self.process.pid()
        if shim is not None:
            await _wait_exit(shim)
            with suppress(ProcessLookupError):
                os.killpg(shim, signal.SIGKILL)  # remaining processes of its session
            self.process.pid()  # reaps
        try:
            return int(self.exit_file.read_text())
        except (FileNotFoundError, ValueError):
            return UNKNOWN_EXIT_CODE

    def terminate(self) -> None:
        """SIGTERM to the program, not to the shim, which saves its exit code."""
        self.signal(signal.SIGTERM)

    def signal(self, number: signal.Signals) -> None:
        pid = self.pid()
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def delete_files(self) -> None:
        """Deletes the files of a run that has exited."""
        for file in self.process.folder.glob(f"{self.process.name}.*"):
            file.unlink()

    def exec_argv(self, command: Sequence[str]) -> list[str]:
        """The command line that runs `command` in the mount namespace of this run; raises ProcessLookupError."""
        pid = self.pid()
        if pid is None:
            raise ProcessLookupError("the container is not running")
        if not sandbox_available():
            return list(command)
        group = groups.of(pid)
        joining = ["/bin/sh", "-c", _JOIN, str(group / "cgroup.procs")] if group else []
        user = [] if os.getuid() == 0 else ["--user", "--preserve-credentials"]
        as_user = _as_user(Path(f"/proc/{pid}/status").read_text()) if os.getuid() == 0 else []
        return [*joining, "nsenter", "--mount", "--root", "--wd", *user, "--target", str(pid), "--", *as_user, *command]

    def environment(self) -> dict[str, str]:
        """Environment of the running program; raises ProcessLookupError."""
        pid = self.pid()
        if pid is None:
            raise ProcessLookupError("the container is not running")
        pairs = Path(f"/proc/{pid}/environ").read_text().split("\0")
        return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def _as_user(status: str) -> list[str]:
    """What precedes a command to run it as the process does whose /proc/<pid>/status this is."""
    fields = {name: value.split() for name, _, value in (line.partition(":") for line in status.splitlines())}
    groups = ["--groups", ",".join(fields["Groups"])] if fields["Groups"] else ["--clear-groups"]
    gained = ["--no-new-privs"] if fields.get("NoNewPrivs") == ["1"] else []
    return ["setpriv", "--reuid", fields["Uid"][0], "--regid", fields["Gid"][0], *groups, *gained, "--"]


def kill_pod(uid: str) -> None:
    """Sends SIGKILL to every process of the Pod, including detached ones and those of an earlier node process."""
    while pids := pids_of(uid):
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    groups.remove(uid)


def pids_of(uid: str) -> list[int]:
    """All processes of the Pod."""
    variable = f"{POD_UID_VARIABLE}={uid}".encode()
    return [pid for pid in _pids() if variable in _environ(pid).split(b"\0")]


def kill_pods(pods: Path) -> None:
    """`kill_pod` for all Pods that have a folder in `pods`."""
    if pods.is_dir():
        for folder in pods.iterdir():
            kill_pod(folder.name)


@cache
def sandbox_available() -> bool:
    """Whether this machine permits mount namespaces (some containers and distributions do not)."""
    nothing = {"mounts": [], "files": [], "user": None, "no_new_privileges": False, "read_only_root": False}
    plan = json.dumps({"scratch": "/", "cwd": "/", **nothing})
    probe = f"{shutil.which('true')}"
    return os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-I", "-S", str(_SANDBOX), plan, probe]) == 0


def can_change_user() -> bool:
    """Whether containers run as the user that they ask for: root can, and reaches an image's files for it."""
    return os.getuid() == 0 and sandbox_available()


def without_mounts(env: Mapping[str, str], mounts: Sequence[Mount]) -> dict[str, str]:
    """Without mount namespaces: replaces a mount's target by its source in variables that are paths below it."""
    result = dict(env)
    for name, value in env.items():
        for mount in sorted(mounts, key=lambda m: len(m.target)):
            if value == mount.target or value.startswith(mount.target.rstrip("/") + "/"):
                result[name] = str(mount.source) + value[len(mount.target.rstrip("/")) :]
    return result


async def _wait_exit(pid: int) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _environ(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:  # exited, or of another user
        return b""
