"""Prometheus metrics: /metrics, and HTTP requests by route, method and status."""

from __future__ import annotations

from functools import cache
from time import perf_counter

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

requests = Counter("aura_http_requests_total", "HTTP requests", ["route", "method", "status"])
latency = Histogram(
    "aura_http_request_seconds",
    "Seconds from the request's headers to the last byte of the response",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_unmeasured = {"/healthz", "/readyz", "/metrics"}
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
async def exposition() -> Response:
    """All metrics of this process in the Prometheus text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


class MetricsMiddleware:
    """ASGI middleware that counts and times HTTP requests; WebSockets pass through.

    The label is the route's template, not the path, and a method that no route has is `other`: whoever asks chooses
    them, and every label value uses memory for good.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _unmeasured:
            await self.app(scope, receive, send)
            return
        status = "500"

        async def send_response(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        started = perf_counter()
        try:
            await self.app(scope, receive, send_response)
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            counter, histogram = _measures(route, method, status)
            counter.inc()
            histogram.observe(perf_counter() - started)


@cache
def _measures(route: str, method: str, status: str) -> tuple[Counter, Histogram]:
    """Those with these labels: prometheus_client looks them up anew at each call, which takes as long as counting."""
    return requests.labels(route, method, status), latency.labels(route)
