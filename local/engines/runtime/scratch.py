"""Scratch environments: engines of a test run or a benchmark, which end when the process that started them ends.

A guard process holds the reading end of a pipe. Whatever ends its parent, SIGKILL included, the guard then ends every
process recorded in the environment's folder and removes the folder.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.engines.runtime.process import kill_recorded
from local.site import CHECKOUT, Site

SITE_INDEX = 9
"""The site whose addresses are used; no platform uses it."""
_LOCK_PORT = 4098
_SLOTS = 400


@dataclass(frozen=True)
class ScratchEnvironment:
    """A folder and eight loopback addresses that belong to one run."""

    folder: Path
    addresses: tuple[str, ...]


@contextmanager
def scratch_environment(purpose: str) -> Iterator[ScratchEnvironment]:
    """An environment that exists until the end of the block, or of this process."""
    folder = Path(tempfile.mkdtemp(prefix=f"aura-{purpose}-"))
    reservation, addresses = _reserve(Site(folder, SITE_INDEX))
    guard = subprocess.Popen(
        [sys.executable, "-m", "local.engines.runtime.scratch", str(folder)],
        stdin=subprocess.PIPE,
        pass_fds=[reservation.fileno()],
        cwd=CHECKOUT,
        start_new_session=True,
    )
    assert guard.stdin is not None
    try:
        yield ScratchEnvironment(folder, addresses)
    finally:
        guard.stdin.close()
        reservation.close()
        guard.wait(timeout=60)


def _reserve(site: Site) -> tuple[socket.socket, tuple[str, ...]]:
    """Reserves eight addresses for this run. A bound socket holds the reservation, so it ends with the process."""
    for slot in range(_SLOTS):
        numbers = range(slot * 8 + 8, slot * 8 + 16)
        addresses = tuple(site.engine_address("us-west-2", number) for number in numbers)
        reservation = socket.socket()
        try:
            reservation.bind((addresses[0], _LOCK_PORT))
            return reservation, addresses
        except OSError:
            reservation.close()
    raise RuntimeError(f"all {_SLOTS} address slots are in use")


def _guard(folder: Path) -> None:
    sys.stdin.buffer.read()
    kill_recorded(folder)
    shutil.rmtree(folder)


if __name__ == "__main__":
    _guard(Path(sys.argv[1]))
