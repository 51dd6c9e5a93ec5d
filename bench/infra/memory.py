"""The memory of a site's processes, by what they are."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from pathlib import Path

import psutil

from local.engines.runtime.process import RECORD_VARIABLE
from local.site import Site

_NAMES = {"node": "nodes and their Pods", "addons": "add-ons", "link": "links between regions"}


def by_engine(site: Site) -> dict[str, int]:
    """Bytes by kind of engine: proportional set size, so that what processes share is counted once."""
    sizes: dict[str, int] = defaultdict(int)
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            name = _engine(site, process.pid)
            if name:
                sizes[name] += process.memory_full_info().pss
    return dict(sorted(sizes.items(), key=lambda one: -one[1]))


def _engine(site: Site, pid: int) -> str:
    """By the record that a process, or what started it, has; empty for processes of others."""
    begin = f"{RECORD_VARIABLE}={site.home}/".encode()
    variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    record = next((Path(one.split(b"=", 1)[1].decode()) for one in variables if one.startswith(begin)), None)
    if record is None:
        return ""
    name = record.name.removesuffix(".process")
    return _NAMES.get("node" if "pods" in record.parts else name, name)
