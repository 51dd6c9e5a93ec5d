"""The user of our images in /etc/passwd and /etc/group, where programs look up its name, as the Dockerfile adds it."""

from __future__ import annotations

from pathlib import Path

from local.engines.runtime.files import write
from local.node.runtime.execution import Mount
from local.node.runtime.images import USER

NAME = "aura"
HOME = f"/home/{NAME}"
_ENTRIES = {
    "passwd": f"{NAME}:x:{USER.uid}:{USER.gid}::{HOME}:/usr/sbin/nologin",
    "group": f"{NAME}:x:{USER.gid}:",
}


def mounts(folder: Path) -> list[Mount]:
    """The machine's accounts with the one of the images, in files of `folder` that containers see in /etc."""
    for name, entry in _ENTRIES.items():
        others = [
            line
            for line in Path("/etc", name).read_text().splitlines()
            if line.split(":")[0] != NAME and line.split(":")[2:3] != [str(USER.uid)]
        ]
        write(folder / name, "\n".join([*others, entry, ""]).encode())
    return [Mount(folder / name, f"/etc/{name}", True) for name in _ENTRIES]
