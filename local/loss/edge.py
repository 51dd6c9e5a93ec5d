"""Cuts a region's clients off: what serves them is stopped as it is, so that they hear nothing, and are not told so."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from local.engines.runtime.process import RECORD_VARIABLE
from local.loss.file import processes
from local.site import Site

_GATEWAY = "local.gateway"
"""The module that the gateway's process runs; HAProxy is its child."""


def freeze(site: Site, region: str) -> None:
    """Stops the gateway and its children. Its Pod's probes fail meanwhile, as they would where nobody reaches it."""
    for process in _gateway(site, region):
        _send(process, signal.SIGSTOP)


def thaw(site: Site, region: str) -> None:
    """They go on where they were."""
    for process in _gateway(site, region):
        with suppress(psutil.Error):
            if process.status() == psutil.STATUS_STOPPED:
                _send(process, signal.SIGCONT)


def _gateway(site: Site, region: str) -> Iterator[psutil.Process]:
    """Parents before children."""
    begin = f"{RECORD_VARIABLE}={processes(site, region)}/".encode()
    for process in psutil.process_iter(["cmdline"]):
        if _GATEWAY in (process.info["cmdline"] or ()) and _has(process.pid, begin):
            yield process
            with suppress(psutil.Error):
                yield from process.children(recursive=True)


def _has(pid: int, variable: bytes) -> bool:
    with suppress(OSError):
        return any(one.startswith(variable) for one in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"))
    return False


def _send(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(process.pid, number)
