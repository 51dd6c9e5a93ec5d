"""Server configuration common to all services: uvloop, bounded shutdown, structured logs."""

from __future__ import annotations

import uvicorn
from starlette.types import ASGIApp

from services.kit.settings import ServiceSettings

BACKLOG = 65_535
"""Listen backlog: after a restart all wearables reconnect within seconds."""

MAX_MESSAGE_BYTES = 256 * 1024


def config(app: ASGIApp, settings: ServiceSettings) -> uvicorn.Config:
    """uvicorn settings: uvloop, httptools, WebSockets without permessage-deflate and without server pings.

    Deflate costs 300 KiB per connection, pings more frames than the wearables send; TCP keep-alive at the gateway
    detects lost clients.
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
    """Serves until SIGTERM or SIGINT, then waits for open requests for at most `settings.drain_seconds`."""
    uvicorn.Server(config(app, settings)).run()
