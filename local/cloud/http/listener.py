"""Listeners of the endpoint: threads that serve the WSGI application, with or without TLS."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server

from local.engines.certificates import Pair

if TYPE_CHECKING:
    import socket


class _Handler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"  # clients keep their connection

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        """Also when it is dropped here: nothing more is read from it."""
        self.close_connection = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Requests are not logged: they would bury the control loop's messages."""


class _Context(ssl.SSLContext):
    """Leaves the handshake to the thread of the connection: a silent client must not keep others waiting."""

    def wrap_socket(self, sock: socket.socket, *args: Any, **options: Any) -> ssl.SSLSocket:
        return super().wrap_socket(sock, *args, **{**options, "do_handshake_on_connect": False})


def listen(
    url: str,
    application: Callable[..., Any],
    pair: Pair | None = None,
    configure: Callable[[ssl.SSLContext], None] | None = None,
) -> BaseWSGIServer:
    """Serves `application` at the host and port of `url`, with TLS if there is a `pair`; returns at once.

    `configure` gets the TLS context.
    """
    address = urlsplit(url)
    assert address.hostname and address.port
    context = None
    if pair is not None:
        context = _Context(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        if configure is not None:
            configure(context)
    server = make_server(
        address.hostname, address.port, application, threaded=True, request_handler=_Handler, ssl_context=context
    )
    server.daemon_threads = True  # pyright: ignore[reportAttributeAccessIssue]
    threading.Thread(target=server.serve_forever, name=address.scheme, daemon=True).start()
    return server
