"""`python -m services.ingest`: serves until SIGTERM, then acknowledges what was read and closes with 1012."""

from __future__ import annotations

import logging
import os
import signal
import socket

import uvicorn

from services.ingest.app import Ingest
from services.ingest.settings import IngestSettings
from services.ingest.websocket.handshake import Protocol
from services.ingest.websocket.http import Http
from services.kit import logs, serve

UNREAD_BYTES = 16 << 10
UNTAKEN_BYTES = 64 << 10


class Server(uvicorn.Server):
    """Stops listening, drains, and only then closes the sockets that are open (uvicorn does: 1012)."""

    def __init__(self, config: uvicorn.Config, ingest: Ingest) -> None:
        super().__init__(config)
        self._ingest = ingest

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        await self._ingest.drain(self._ingest.settings.drain_seconds / 2)
        await super().shutdown(sockets)


def listener(host: str, port: int) -> socket.socket:
    """A bound socket whose connections the kernel ends when the peer is gone.

    Keep-alive probes after a minute of silence, four of them a quarter apart, and as long in all for what we sent to be
    taken: no ping of our own costs an idle connection anything. (With a user timeout no longer than the silence, Linux
    resets at the first probe that is lost: seen with 50,000 that fell silent at once.) What a client leaves unread, or
    sends while we don't read, takes kernel memory of about this much and no more, where Linux would grow to megabytes;
    what is read at once is bounded by it too.

    Accepted sockets inherit these options on Linux (tcp(7)).
    """
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNREAD_BYTES)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, UNTAKEN_BYTES)
    for option, value in (
        (socket.TCP_KEEPIDLE, 60),
        (socket.TCP_KEEPINTVL, 15),
        (socket.TCP_KEEPCNT, 4),
        (socket.TCP_USER_TIMEOUT, 120_000),
    ):
        bound.setsockopt(socket.IPPROTO_TCP, option, value)
    bound.bind((host, port))
    return bound


def main() -> None:
    settings = IngestSettings()  # pyright: ignore[reportCallIssue]  fields come from the environment
    logs.configure("ingest", settings.pod_name, settings.log_level)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # a line a connection otherwise
    ingest = Ingest(settings, broken=lambda: os.kill(os.getpid(), signal.SIGTERM))
    logs.get(__name__).info("serving", host=settings.host, port=settings.port, kafka=settings.kafka_bootstrap)
    config = serve.config(ingest, settings)
    config.http, config.ws = Http, Protocol
    Server(config, ingest).run(sockets=[listener(settings.host, settings.port)])


if __name__ == "__main__":
    main()
