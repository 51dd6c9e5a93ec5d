"""Runs an ASGI application the way every service runs: fast loop, bounded shutdown, our logs."""

from __future__ import annotations

import uvicorn
from starlette.types import ASGIApp

from services.kit.settings import ServiceSettings

BACKLOG = 65_535
"""Connections waiting to be accepted: after a restart every wearable comes back within the same seconds."""

MAX_MESSAGE_BYTES = 256 * 1024


def config(app: ASGIApp, settings: ServiceSettings) -> uvicorn.Config:
    """Server settings: uvloop, httptools, WebSockets without deflate and without pings of the server's own.

    Deflate costs 300 KiB a connection, pings more frames than the wearables send; a client that is gone is noticed
    by TCP keep-alive at the gateway.
    """
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        ws_max_size=MAX_MESSAGE_BYTES,
        backlog=BACKLOG,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=settings.drain_seconds,
        log_config=None,
        access_log=False,
        server_header=False,
    )


def run(app: ASGIApp, settings: ServiceSettings) -> None:
    """Serve until SIGTERM or SIGINT, then let open requests end for at most `settings.drain_seconds`."""
    uvicorn.Server(config(app, settings)).run()
