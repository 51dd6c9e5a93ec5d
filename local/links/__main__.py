"""`python -m local.links REGION`: the process that carries what comes to a region of this site from the others."""

from __future__ import annotations

import argparse
import asyncio
import logging
from functools import partial

from local.links.forwarding import Distance, forward
from local.links.routes import Link, Route
from local.loss.file import LossFile, Unreadable
from local.loss.model import Loss, passes
from local.site import REGIONS, Site

_POLL_SECONDS = 0.1
log = logging.getLogger("local.links")


class Forwarder:
    """Listens for every route of the link, as its file says."""

    def __init__(self, link: Link, loss: LossFile) -> None:
        self.link, self.file = link, loss
        self._loss = loss.current()
        self._listening: dict[Route, asyncio.Server] = {}

    async def run(self) -> None:
        while True:
            await self._listen(set(self.link.known()))
            await asyncio.sleep(_POLL_SECONDS)

    async def _listen(self, wanted: set[Route]) -> None:
        for route in self._listening.keys() - wanted:
            self._listening.pop(route).close()
        for route in wanted - self._listening.keys():
            connected = partial(self._forward, route)
            self._listening[route] = await asyncio.start_server(connected, self.link.address, route.port)

    async def _forward(self, route: Route, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Asked for each time: what is sent after a cut has been made does not arrive.
        distance = Distance(
            lambda: self._current().one_way, lambda: passes(self._current(), self.link.region, route.origin)
        )
        await forward(reader, writer, route.host, route.to, distance)

    def _current(self) -> Loss:
        try:
            self._loss = self.file.current()
        except Unreadable as error:
            log.error("%s Until then it stays as it was.", error)
        return self._loss


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.links", description=__doc__)
    parser.add_argument("region", choices=list(REGIONS))
    site = Site.current()
    asyncio.run(Forwarder(Link(site, parser.parse_args().region), LossFile(site)).run())


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    main()
