"""`python -m local.dns FOLDER` serves what FOLDER/configuration.json says; FOLDER/health.json gets what was probed."""

from __future__ import annotations

import asyncio
import logging
import random
import sys
from pathlib import Path

import msgspec

from local.dns import model
from local.dns.checkers import Checkers
from local.dns.evaluation import Answer, Resolver
from local.dns.model import CONFIGURATION, HEALTH, Configuration
from local.dns.server import listen
from local.site import REGIONS

_POLL_SECONDS = 0.1
log = logging.getLogger("local.dns")


async def serve(folder: Path) -> None:
    file = folder / CONFIGURATION
    known = model.read(file)

    def resolver(client: str = "") -> Resolver:
        return Resolver(known.zones, checkers.healthy, random.random(), _near(client))

    def ask(name: str, type: str, client: str) -> Answer:
        return resolver(client).answer(name, type)

    def address(name: str) -> str | None:
        lines = resolver().answer(name, "A").lines
        return next((line.value for line in lines if line.type == "A"), None)

    checkers = Checkers(folder / HEALTH, address)
    checkers.configure(known.checks)
    server = asyncio.create_task(listen(known.host, known.port, ask))
    seen = file.stat().st_mtime_ns
    while not server.done():
        await asyncio.sleep(_POLL_SECONDS)
        if (now := file.stat().st_mtime_ns) != seen:
            seen = now
            known = _read(file, known)
            checkers.configure(known.checks)
    await server


def _read(file: Path, known: Configuration) -> Configuration:
    """What was known stays when the file cannot be read."""
    try:
        return model.read(file)
    except (OSError, msgspec.DecodeError) as error:
        log.error("%s cannot be read, what was there before stays: %s", file, error)
        return known


def _near(client: str) -> tuple[str, ...]:
    """The region whose addresses the client has is the nearest; for all others they are in the order of the list."""
    second = int(client.split(".")[1]) if client.startswith("127.") else 0
    return tuple(sorted(REGIONS, key=lambda region: not 0 <= second - REGIONS[region] <= 9))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    asyncio.run(serve(Path(sys.argv[1])))
