"""Gives a volume to the Pod's fsGroup, as a kubelet does before the first container starts."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from local.node.pod.security import Group

_READ, _READ_WRITE, _ENTER = 0o440, 0o660, 0o110


def group_mode(mode: int, read_only: bool = False) -> int:
    """The mode of a file or folder of the group; a folder also passes the group on to what is created in it."""
    granted = stat.S_IMODE(mode) | (_READ if read_only else _READ_WRITE)
    return granted | _ENTER | stat.S_ISGID if stat.S_ISDIR(mode) else granted


def belongs(status: os.stat_result, group: Group) -> bool:
    """Whether the root of a volume shows that all of it was given to the group before."""
    return status.st_gid == group.gid and group_mode(status.st_mode) == stat.S_IMODE(status.st_mode)


def give(volume: Path, group: Group, read_only: bool = False) -> None:
    """Recursively, if the policy says so. `read_only`: the volume has files of Kubernetes. Raises OSError: only root
    may give files to any group."""
    if not group.always and belongs(volume.stat(), group):
        return
    for path in _all(volume):
        status = path.lstat()
        if status.st_gid != group.gid:
            os.chown(path, -1, group.gid, follow_symlinks=False)
        if not stat.S_ISLNK(status.st_mode):
            path.chmod(group_mode(status.st_mode, read_only))  # after chown, which takes S_ISGID away


def replace(file: Path, content: bytes, mode: int, uid: int = -1, gid: int = -1) -> None:
    """Replaces `file` by one that has this mode and owner from the first moment; -1: those of this process."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(content)
        os.fchown(stream.fileno(), uid, gid)
        os.fchmod(stream.fileno(), mode)
    temporary.replace(file)


def _all(volume: Path) -> Iterator[Path]:
    """What is in the volume, and last its root: a walk that was interrupted is not taken for a complete one."""
    for folder, folders, files in os.walk(volume, topdown=False):
        yield from (Path(folder, name) for name in files)
        yield from (Path(folder, name) for name in folders if Path(folder, name).is_symlink())
        yield Path(folder)
