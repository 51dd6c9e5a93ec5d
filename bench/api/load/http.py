"""A minimal HTTP/1.1 client on one kept connection: a request, its answer, the next request."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import Any

from httptools import HttpResponseParser

from bench.api.load.calls import Http, Script, WrongAnswer

SOURCES = "127.200"
"""First two octets of the addresses that connections come from; nothing else uses them."""


class _Protocol(asyncio.Protocol):
    """The parser's callbacks collect one answer at a time."""

    def __init__(self) -> None:
        self.transport: Any = None
        self._parser: Any = HttpResponseParser(self)
        self._body = bytearray()
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None

    def ask(self, request: bytes) -> asyncio.Future[tuple[int, bytes]]:
        self._waiting = waiting = asyncio.get_running_loop().create_future()
        if self.transport.is_closing():
            self.connection_lost(None)
        else:
            self.transport.write(request)
        return waiting

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(WrongAnswer(f"the connection was closed: {exc or 'by the server'}"))

    def on_message_begin(self) -> None:
        self._body.clear()

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result((self._parser.get_status_code(), bytes(self._body)))
        self._parser = HttpResponseParser(self)


@dataclass(frozen=True)
class HttpCaller:
    """One connection with its script."""

    protocol: _Protocol
    script: Script

    async def call(self) -> None:
        """One request; returns when its answer is complete and right, raises WrongAnswer."""
        self.script.answered(*await self.protocol.ask(self.script.request()))

    async def close(self) -> None:
        self.protocol.transport.abort()


async def connect(calls: Http) -> list[HttpCaller]:
    """A caller for each script."""
    tls = ssl.create_default_context(cafile=calls.ca_file) if calls.ca_file else None
    loop = asyncio.get_running_loop()
    callers: list[HttpCaller] = []
    for number, script in enumerate(calls.scripts, 1):
        _, protocol = await loop.create_connection(
            _Protocol,
            *calls.address,
            ssl=tls,
            server_hostname=calls.host if tls else None,
            local_addr=(f"{SOURCES}.{number >> 8}.{number & 255}", 0),
        )
        callers.append(HttpCaller(protocol, script))
    return callers
