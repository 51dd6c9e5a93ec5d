"""Bodies of requests are read whole before a service sees them, up to a size and within a time.

FastAPI reads whatever comes into memory, for as long as it takes: one client could fill a Pod, or keep it waiting.
"""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kit.problems import Problem, response

MOST_BYTES = 1 << 20
"""No route takes more: recordings go to S3, heart beats over the WebSocket."""
MOST_SECONDS = 30.0
_CLOSE = {"Connection": "close"}


class BodyMiddleware:
    """Answers 413 to a body of more than MOST_BYTES, 408 to one that takes more than MOST_SECONDS."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(MOST_SECONDS):
                body = await _whole(scope, receive)
        except TimeoutError:
            late = f"the body did not arrive within {MOST_SECONDS:g} s; nothing was done, send it again"
            await response(Problem(408, late, headers=_CLOSE))(scope, receive, send)
        except ClientDisconnect:
            pass
        except Problem as problem:
            await response(problem)(scope, receive, send)
        else:
            await self._app(scope, _replayed(body, receive), send)


async def _whole(scope: Scope, receive: Receive) -> bytes:
    """Raises Problem for one that is too long, ClientDisconnect for one that ends early."""
    announced = dict(scope["headers"]).get(b"content-length", b"")
    length = int(announced) if announced.isdigit() else 0
    read, more = bytearray(), True
    while more and max(length, len(read)) <= MOST_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        read += message.get("body", b"")
        more = message.get("more_body", False)
    if max(length, len(read)) > MOST_BYTES:
        too_long = f"the body is longer than {MOST_BYTES:,} bytes; nothing was done, send less at once"
        raise Problem(413, too_long, headers=_CLOSE)
    return bytes(read)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Gives the body, and then what comes after it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


def _has_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
