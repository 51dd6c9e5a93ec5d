"""A region that may not serve takes no message, whenever its sockets are looked at."""

from __future__ import annotations

from typing import Any, cast

from services.ingest.endpoint import StreamEndpoint
from services.ingest.websocket.framing import TEXT, Close


class ClosedGate:
    def refusal(self) -> str:
        return "fenced"

    async def watch(self) -> None: ...


class Connection:
    """One that is open, and records how it is closed."""

    closing = False
    closed: Close | None = None

    def close(self, reason: Close) -> None:
        self.closed = reason


def test_a_message_that_comes_while_the_gate_is_closed_closes_its_connection() -> None:
    nothing = cast(Any, None)
    endpoint = StreamEndpoint(nothing, nothing, nothing, nothing, ClosedGate())
    connection = Connection()
    endpoint.on_message(cast(Any, connection), (TEXT, b'{"device": "watch"}'))
    assert connection.closed is not None
    assert connection.closed.code == 1013
