"""Kills what a region runs, all at once, as the loss of it would."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from local.engines.runtime.process import EngineFailed, Process
from local.loss.file import processes
from local.site import Site

_SECONDS = 60.0


def kill_processes(site: Site, region: str) -> int:
    """SIGKILL for every process of the region, and for those that they start meanwhile; their data stay.

    Returns how many were killed. Raises EngineFailed when one does not end.
    """
    killed, deadline = 0, time.monotonic() + _SECONDS
    while alive := _alive(site, region):
        if time.monotonic() > deadline:
            raise EngineFailed(f"of {region} these are still started: {', '.join(sorted(p.name for p in alive))}")
        killed += len(alive)
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(Process.kill, alive))
    return killed


def _alive(site: Site, region: str) -> list[Process]:
    records = processes(site, region).rglob("*.process")
    known = [Process(record.parent, record.name.removesuffix(".process")) for record in records]
    return [process for process in known if process.pid() is not None]
