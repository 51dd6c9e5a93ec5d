"""Where what comes from other regions enters a region: an address of it, with a port for each server behind it."""

from __future__ import annotations

import fcntl
from dataclasses import dataclass
from pathlib import Path

import msgspec

from local.engines.runtime.files import write
from local.loss.file import processes
from local.site import Site

NUMBER = 3
"""Of the address among those of engines with a fixed one."""
FIRST_PORT, LAST_PORT = 20_000, 32_000
"""Below the ports that the kernel gives to outgoing connections."""


class Route(msgspec.Struct, frozen=True):
    """`port` of the link leads to `host`:`to`, for connections from the region `origin`; None: from any other one."""

    port: int
    host: str
    to: int
    origin: str | None = None


class Routes(msgspec.Struct):
    routes: list[Route] = []


@dataclass(frozen=True)
class Link:
    """What leads into `region`."""

    site: Site
    region: str

    @property
    def folder(self) -> Path:
        return processes(self.site, self.region) / "link"

    @property
    def file(self) -> Path:
        return self.folder / "routes.json"

    @property
    def address(self) -> str:
        return self.site.engine_address(self.region, NUMBER)

    def known(self) -> list[Route]:
        return self._read().routes

    def route(self, host: str, port: int, origin: str | None = None) -> tuple[str, int]:
        """Address and port by which the server at `host`:`port` is reached from `origin`; the same ones every time."""
        found = _of(self.known(), host, port, origin)
        if found is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            with (self.folder / "routes.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                routes = self._read()
                found = _of(routes.routes, host, port, origin)
                if found is None:
                    found = Route(_free(routes.routes), host, port, origin)
                    write(self.file, msgspec.json.encode(Routes([*routes.routes, found])))
        return self.address, found.port

    def forget(self, host: str) -> None:
        """The server at `host` is gone for good."""
        if not any(route.host == host for route in self.known()):
            return
        with (self.folder / "routes.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            kept = [route for route in self._read().routes if route.host != host]
            write(self.file, msgspec.json.encode(Routes(kept)))

    def _read(self) -> Routes:
        try:
            return msgspec.json.decode(self.file.read_bytes(), type=Routes)
        except FileNotFoundError:
            return Routes()


def _of(routes: list[Route], host: str, port: int, origin: str | None) -> Route | None:
    return next((one for one in routes if (one.host, one.to, one.origin) == (host, port, origin)), None)


def _free(routes: list[Route]) -> int:
    used = {route.port for route in routes}
    return next(port for port in range(FIRST_PORT, LAST_PORT) if port not in used)
