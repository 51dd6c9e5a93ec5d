"""Prometheus metrics: /metrics, and the requests of every service by route, method and status."""

from __future__ import annotations

from time import perf_counter

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

requests = Counter("aura_http_requests_total", "Requests answered", ["route", "method", "status"])
latency = Histogram(
    "aura_http_request_seconds",
    "Seconds from the request's head to the last byte of its answer",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_unmeasured = {"/healthz", "/readyz", "/metrics"}

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
async def exposition() -> Response:
    """All metrics of this process in Prometheus's text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


class MetricsMiddleware:
    """ASGI middleware that counts and times HTTP requests; WebSockets pass untouched.

    The label is the route's template, never the path: paths hold ids, and every label value costs memory for ever.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _unmeasured:
            await self.app(scope, receive, send)
            return
        status = "500"

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        started = perf_counter()
        try:
            await self.app(scope, receive, answer)
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            requests.labels(route, scope["method"], status).inc()
            latency.labels(route).observe(perf_counter() - started)
