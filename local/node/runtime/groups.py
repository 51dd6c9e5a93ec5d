"""A control group for each Pod (cgroup v2), by which the kernel knows whose a connection is. It limits nothing.

Where this machine has none that this user may create, Pods run without.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

_EMPTY_SECONDS = 0.5
PARENT = "aura"
"""Name of the group whose children are those of Pods, named by their UIDs."""


@cache
def root() -> Path | None:
    """Where the hierarchy of cgroup v2 is mounted; None if it is not, or if this user may not create groups."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, folder, kind, *_ = line.split(" ")
        if kind == "cgroup2":
            try:
                (Path(folder) / PARENT).mkdir(exist_ok=True)
            except OSError:
                return None
            return Path(folder) if os.access(Path(folder) / PARENT, os.W_OK) else None
    return None


def create(uid: str, pids: Iterable[int] = ()) -> Path | None:
    """The group of a Pod, to which these processes are moved; None where there are no groups."""
    mounted = root()
    if mounted is None:
        return None
    group = mounted / PARENT / uid
    group.mkdir(exist_ok=True)
    for pid in pids:
        with suppress(OSError):  # it has ended
            (group / "cgroup.procs").write_text(str(pid))
    return group


def exists(uid: str) -> bool:
    mounted = root()
    return mounted is not None and (mounted / PARENT / uid).is_dir()


def remove(uid: str) -> None:
    """A group that keeps a process stays: a database outlives the Pod that started it."""
    mounted = root()
    if mounted is None:
        return None
    deadline = time.monotonic() + _EMPTY_SECONDS
    while True:
        try:
            return (mounted / PARENT / uid).rmdir()
        except FileNotFoundError:
            return None
        except OSError:  # processes that were killed are in it until they have ended
            if time.monotonic() > deadline:
                return None
        time.sleep(0.02)


def of(pid: int) -> Path | None:
    """The group of the Pod to which a process belongs."""
    mounted = root()
    if mounted is None:
        return None
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
            number, _, path = line.split(":", 2)
            if number == "0" and path.startswith(f"/{PARENT}/"):
                return mounted / path.lstrip("/")
    return None
