"""Health and metrics over HTTP, from a thread of its own: they answer while the dataflow waits for a store."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Protocol

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

_log = structlog.get_logger(__name__)


class Status(Protocol):
    """What is told of a dataflow. `ill` and `unready` give why, or nothing."""

    def ill(self) -> str: ...

    def unready(self) -> str: ...

    def metrics(self) -> bytes: ...


Answer = tuple[int, str, bytes]
"""Status code, content type and body."""


class ProcessStatus:
    """Status of this process alone."""

    def __init__(self, unready: Callable[[], str]) -> None:
        self.unready = unready

    def ill(self) -> str:
        return ""

    def metrics(self) -> bytes:
        return generate_latest()


def serve(host: str, port: int, told: Status) -> ThreadingHTTPServer:
    """Start answering /healthz (503 with what is `ill`), /readyz (503 with why it is `unready`) and /metrics."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                status, kind, body = _answer(self.path, told)
            except Exception as error:  # an answer that is missing says less than one that says what is wrong
                _log.exception("status_failed", path=self.path)
                status, kind, body = _json(500, {"error": f"{type(error).__name__}: {error}"})
            try:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                return  # who asked is gone

        def log_message(self, format: str, *args: object) -> None:
            """Probes come every few seconds; nobody reads that they came."""

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, name="status", daemon=True).start()
    return server


def _answer(path: str, told: Status) -> Answer:
    if path == "/healthz":
        why = told.ill()
        return _json(503, {"status": "ill", "why": why}) if why else _json(200, {"status": "ok"})
    if path == "/readyz":
        why = told.unready()
        return _json(503, {"status": "unready", "why": why}) if why else _json(200, {"status": "ready"})
    if path == "/metrics":
        return 200, CONTENT_TYPE_LATEST, told.metrics()
    return _json(404, {"error": f"no {path} here; there are /healthz, /readyz and /metrics"})


def _json(status: int, body: dict[str, str]) -> Answer:
    return status, "application/json", json.dumps(body).encode()
