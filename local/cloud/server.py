"""Puts the parts together: state, services, control loop and the HTTP server."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

from local.cloud import certificates, control, managed_policies
from local.cloud.front import Front
from local.cloud.loop import Loop
from local.cloud.store import Store
from local.cloud.svc import services
from local.cloud.world import World
from local.site import Site

log = logging.getLogger(__name__)


class _Handler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"  # clients keep their connection

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Requests are not logged: the control loop's words would drown in them."""


def serve(site: Site, end: threading.Event) -> None:
    """Serves `site` until `end`; engines run on."""
    certificates.install()
    managed_policies.install()
    world = World(site)
    store = Store(site.home / "cloud", world)
    known = services(world)
    restored = store.load()
    loop = Loop(world, known, store.save)
    front = Front(world, known, store.save, control.paths(world, known, loop))
    address = urlsplit(site.endpoint_url)
    assert address.hostname and address.port
    server = make_server(address.hostname, address.port, front, threaded=True, request_handler=_Handler)
    server.daemon_threads = True  # pyright: ignore[reportAttributeAccessIssue]
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    loop.start()
    log.info("serving %s, state %s", site.endpoint_url, "restored" if restored else "new")
    end.wait()
    server.shutdown()
    loop.finish()


def stop_engines(site: Site) -> None:
    """Ends every engine of the state on disk, keeping data: clusters' nodes first, then clusters, then the rest."""
    world = World(site)
    if not Store(site.home / "cloud", world).load():
        return
    for service in reversed(services(world)):
        bodies = service.bodies()
        if service.name == "eks":
            for body in bodies:  # nodes come before their control plane
                body.stop()
        else:
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(lambda body: body.stop(), bodies))
