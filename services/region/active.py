"""Whether the region serves: the answer at ACTIVE_PATH, and a listener that has nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus

from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from contracts.gateway import ACTIVE_PATH
from contracts.lease import TERM_SECONDS
from contracts.region_state import REGION_PATH, RegionReport, RegionState

Current = Callable[[], RegionReport]

_WHY = {
    RegionState.PASSIVE: "this region stands by",
    RegionState.FENCED: f"this region may not serve now; {REGION_PATH}, inside the cluster, says why",
}
"""Anybody may ask, and a reason has names of roles and buckets in it."""
_HEAD_BYTES, _SECONDS, _CONNECTIONS = 2048, 3.0, 256
"""What a health checker needs is far below these, and it answers within two seconds or has failed."""


class Serving(BaseModel):
    region: str
    state: RegionState


class NotServing(Serving):
    error: str


def answer(found: RegionReport) -> Response:
    """200 while the region serves, otherwise 503."""
    if found.state is RegionState.ACTIVE:
        return JSONResponse(Serving(region=found.region, state=found.state).model_dump())
    body = NotServing(region=found.region, state=found.state, error=_WHY[found.state])
    return JSONResponse(body.model_dump(), 503, headers={"Retry-After": str(math.ceil(TERM_SECONDS))})


class Listener:
    """Answers Route 53's health checkers, one request a connection.

    It is reached from anywhere, and the same process keeps the region's lease: so the bytes, the time and the number of
    connections that clients may take are bounded. A connection beyond a bound is closed.
    """

    def __init__(self, current: Current) -> None:
        self._current = current
        self._open = 0

    @contextlib.asynccontextmanager
    async def serving(self, host: str, port: int) -> AsyncIterator[None]:
        """Raises OSError when it can't listen there."""
        async with await asyncio.start_server(self._serve, host, port, limit=_HEAD_BYTES):
            yield

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= _CONNECTIONS:
                async with asyncio.timeout(_SECONDS):
                    writer.write(self._answer(await reader.readuntil(b"\r\n\r\n")))
                    await writer.drain()
                    writer.close()
                    await writer.wait_closed()
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            pass  # whoever it was gets no answer
        finally:
            self._open -= 1
            writer.transport.abort()

    def _answer(self, head: bytes) -> bytes:
        asked = head.split(b" ", 2)[:2] == [b"GET", ACTIVE_PATH.encode()]
        response = answer(self._current()) if asked else Response(status_code=404)
        status = HTTPStatus(response.status_code)
        headers = b"".join(b"%s: %s\r\n" % header for header in response.raw_headers)
        first = f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode()
        return first + headers + b"connection: close\r\n\r\n" + bytes(response.body)
