"""`python -m services.ingest`: serves until SIGTERM, then acknowledges what it read and closes with 1012."""

from __future__ import annotations

import logging
import os
import signal
import socket

import uvicorn

from services.ingest.app import Ingest
from services.ingest.settings import IngestSettings
from services.ingest.websocket.http import HttpProtocol
from services.kit import logs, serve

SEND_BUFFER_BYTES = 16 << 10
RECEIVE_BUFFER_BYTES = 64 << 10


class Server(uvicorn.Server):
    """Stops listening, drains, and only then closes open connections (uvicorn does, with 1012)."""

    def __init__(self, config: uvicorn.Config, ingest: Ingest) -> None:
        super().__init__(config)
        self._ingest = ingest

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        await self._ingest.drain(self._ingest.settings.drain_seconds / 2)
        await super().shutdown(sockets)


def listener(host: str, port: int) -> socket.socket:
    """A bound socket whose connections the kernel ends when the peer is lost.

    TCP keep-alive probes start after 60 s idle, four of them 15 s apart, and sent data must be acknowledged within
    120 s, so idle connections need no WebSocket pings. (With a TCP_USER_TIMEOUT no longer than the idle time, Linux
    resets at the first lost probe: seen with 50,000 connections that became idle at once.) The buffer sizes bound the
    kernel memory for what a client leaves unread or sends while reading is paused, which Linux would grow to
    megabytes; they also bound what is read at once.

    Accepted sockets inherit these options on Linux (tcp(7)).
    """
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
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
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # it logs every connection at INFO
    ingest = Ingest(settings, on_fatal=lambda: os.kill(os.getpid(), signal.SIGTERM))
    logs.get(__name__).info("serving", host=settings.host, port=settings.port, kafka=settings.kafka_bootstrap)
    config = serve.config(ingest, settings)
    config.http = HttpProtocol
    Server(config, ingest).run(sockets=[listener(settings.host, settings.port)])


if __name__ == "__main__":
    main()
