"""Addresses that a program will listen on: free before it starts, or its own error would be a line in its log.

A killed program still holds its addresses for a moment: the kernel closes them when its last thread has ended.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence

import psutil

Address = tuple[str, int]
"""IPv4 address and TCP port."""

FREE_SECONDS = 15.0


class AddressInUse(RuntimeError):
    """Another process listens on the address; the message names it."""


def wait_until_free(addresses: Sequence[Address]) -> None:
    """Returns once nobody listens on any of the addresses; raises AddressInUse after FREE_SECONDS."""
    deadline = time.monotonic() + FREE_SECONDS
    for host, port in addresses:
        while not _free(host, port):
            if time.monotonic() > deadline:
                raise AddressInUse(
                    f"{host}:{port} is in use after {FREE_SECONDS:g} s: {holder(host, port)} listens on it"
                )
            time.sleep(0.02)


def holder(host: str, port: int) -> str:
    """Pid and command line of the process that listens on the address, as far as this user may see it."""
    for connection in psutil.net_connections("tcp4"):
        if connection.laddr and tuple(connection.laddr) in ((host, port), ("0.0.0.0", port)) and connection.pid:
            try:
                return f"pid {connection.pid} ({' '.join(psutil.Process(connection.pid).cmdline())[:120]})"
            except psutil.Error:
                return f"pid {connection.pid}"
    return "a process that is ending, or another user's"


def _free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: TIME_WAIT is no hindrance
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
