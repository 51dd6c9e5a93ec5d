"""Health and metrics over HTTP, from a thread of its own: it answers while the dataflow is blocked on a store."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import msgspec
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from contracts.comparison import COMPARISON_PATH, Comparison

_log = structlog.get_logger(__name__)


Response = tuple[int, str, bytes]
"""Status code, content type and body."""


@dataclass(frozen=True)
class Status:
    """Of a worker. `readiness_error` is empty when it is ready; `stalled` says which sink has written nothing for a
    minute, and why; `comparison` is that of a candidate."""

    readiness_error: Callable[[], str]
    stalled: Callable[[], str]
    metrics: Callable[[], bytes] = generate_latest
    comparison: Callable[[], Comparison] | None = None


def serve(host: str, port: int, status: Status) -> ThreadingHTTPServer:
    """Start serving /healthz and /readyz (503 with the error, if any), /metrics, and a candidate's comparison."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                code, content_type, body = _respond(self.path, status)
            except Exception as error:  # a response with the error is more useful than none
                _log.exception("status_failed", path=self.path)
                code, content_type, body = _json(500, {"error": f"{type(error).__name__}: {error}"})
            try:
                self.send_response(code)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                return  # the client closed the connection

        def log_message(self, format: str, *args: object) -> None:
            """Probes are not logged: they come every few seconds."""

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, name="status", daemon=True).start()
    return server


def _respond(path: str, status: Status) -> Response:
    if path == "/healthz":
        return _json(200, {"status": "ok"})
    if path == "/readyz":
        if stalled := status.stalled():
            return _json(503, {"status": "stalled", "why": stalled})
        error = status.readiness_error()
        return _json(503, {"status": "unready", "why": error}) if error else _json(200, {"status": "ready"})
    if path == "/metrics":
        return 200, CONTENT_TYPE_LATEST, status.metrics()
    if path == COMPARISON_PATH and status.comparison is not None:
        return 200, "application/json", msgspec.json.encode(status.comparison())
    return _json(
        404, {"error": f"{path} not found; the paths are /healthz, /readyz, /metrics, and /comparison of a candidate"}
    )


def _json(code: int, body: dict[str, str]) -> Response:
    return code, "application/json", json.dumps(body).encode()
