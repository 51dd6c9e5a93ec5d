"""The trace id of the current request or connection.

An OpenTelemetry trace id: 16 random bytes as 32 lowercase hexadecimal digits, not all zero
(https://www.w3.org/TR/trace-context/#trace-id). It is propagated as X-Trace-Id on every hop.
"""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "X-Trace-Id"
_header = HEADER.lower().encode()
_MAX_LENGTH = 36
_well_formed = re.compile(rb"(?!0{32})[0-9a-f]{32}").fullmatch
_current: ContextVar[str] = ContextVar("trace_id", default="")


def current() -> str:
    """Trace id of this context; "" outside of any request."""
    return _current.get()


def set_current(trace_id: str) -> None:
    """Continues a trace received otherwise than by a request, such as in a Kafka record."""
    _current.set(trace_id)


def new() -> str:
    """A new trace id."""
    return secrets.token_hex(16)


def parse(value: bytes | None) -> str | None:
    """The caller's trace id if it is well formed, also as a UUID with dashes (as Kong generates).

    A malformed one is discarded, as it would end up in logs.
    """
    if value is None or len(value) > _MAX_LENGTH:
        return None
    plain = value.lower().replace(b"-", b"")
    return plain.decode() if _well_formed(plain) else None


class TraceMiddleware:
    """ASGI middleware, for HTTP and WebSockets: accepts or creates the trace id and returns it as X-Trace-Id.

    It is set for the request's context; for a WebSocket, while it is open.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == _header), None)
        trace_id = parse(given) or new()
        echo = (_header, trace_id.encode())

        async def send_with_trace(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.accept"):
                message["headers"] = [*message.get("headers", ()), echo]
            await send(message)

        token = _current.set(trace_id)
        try:
            await self.app(scope, receive, send_with_trace)
        finally:
            _current.reset(token)
