"""Unix sockets by folder and name: the whole path may exceed the 107 bytes of a socket address (unix(7))."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path


async def connect(folder: Path, name: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Raises OSError."""
    descriptor = os.open(folder, os.O_PATH)
    try:
        return await asyncio.open_unix_connection(f"/proc/self/fd/{descriptor}/{name}")
    finally:
        os.close(descriptor)
