"""What the region service says, for tests of those who ask it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec

from contracts.platform import RegionRole
from contracts.region_state import REGION_PATH, RegionReport, RegionState


class StateServer:
    """Answers `report`; with None it refuses."""

    report: RegionReport | None = None
    url = ""

    def say(self, state: RegionState, remaining: float = 0.0) -> None:
        self.report = RegionReport("us-west-2", RegionRole.ACTIVE, state, "as the test says", 3, "", remaining)


@contextmanager
def serve_state(address: str = "127.0.0.1") -> Iterator[StateServer]:
    state = StateServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = state.report if self.path == REGION_PATH else None
            self.send_response(200 if found else 503)
            self.end_headers()
            self.wfile.write(msgspec.json.encode(found) if found else b"")

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer((address, 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state.url = f"http://{address}:{server.server_port}{REGION_PATH}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
