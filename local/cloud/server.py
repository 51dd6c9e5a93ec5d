"""Wires state, services, control loop and HTTP server together."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

from local.cloud.context import CloudContext
from local.cloud.control_loop import ControlLoop
from local.cloud.http import internal
from local.cloud.http.application import Application
from local.cloud.moto_backends import acm, security_group_rules, vpc_endpoints
from local.cloud.state.store import Store
from local.cloud.svc import services
from local.site import Site

log = logging.getLogger(__name__)


class _Handler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"  # clients keep their connection

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Requests are not logged: they would bury the control loop's messages."""


def serve(site: Site, end: threading.Event) -> None:
    """Serves `site` until `end` is set; engines keep running."""
    acm.install()
    security_group_rules.install()
    vpc_endpoints.install()
    context = CloudContext(site)
    context.authority.ensure()
    store = Store(site.home / "cloud", context)
    known = services(context)
    restored = store.load()
    loop = ControlLoop(context, known, store.save)
    application = Application(context, known, store.save, internal.handlers(context, known, loop))
    address = urlsplit(site.endpoint_url)
    assert address.hostname and address.port
    server = make_server(address.hostname, address.port, application, threaded=True, request_handler=_Handler)
    server.daemon_threads = True  # pyright: ignore[reportAttributeAccessIssue]
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    loop.start()
    log.info("serving %s, state %s", site.endpoint_url, "restored" if restored else "new")
    end.wait()
    server.shutdown()
    loop.shutdown()


def stop_engines(site: Site) -> None:
    """Stops every engine of the state on disk and keeps its data: nodes first, then their clusters, then the rest."""
    context = CloudContext(site)
    if not Store(site.home / "cloud", context).load():
        return
    for service in reversed(services(context)):
        backings = service.backings()
        if service.name == "eks":
            for backing in backings:  # nodes come before their control plane
                backing.stop()
        else:
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(lambda backing: backing.stop(), backings))
