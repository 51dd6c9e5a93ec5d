"""The FastAPI application common to all services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI

from services.kit import health, metrics
from services.kit.trace import TraceMiddleware

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create(
    title: str, *, checks: Mapping[str, health.Check] | None = None, lifespan: Lifespan | None = None
) -> FastAPI:
    """An application with trace ids, metrics, /healthz and /readyz (which runs `checks`).

    A path with a slash at its end is another path: a redirect would lead to http, since the gateway ends TLS.
    """
    app = FastAPI(title=title, lifespan=lifespan, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.add_middleware(metrics.MetricsMiddleware)
    app.add_middleware(TraceMiddleware)
    app.include_router(health.router(checks or {}))
    app.include_router(metrics.router)
    return app
