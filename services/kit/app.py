"""The FastAPI application common to all services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI

from services.kit import health, metrics, problems
from services.kit.tokens import Verifier
from services.kit.trace import TraceMiddleware

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create(
    title: str,
    *,
    checks: Mapping[str, health.Check] | None = None,
    lifespan: Lifespan | None = None,
    away: tuple[type[Exception], ...] = (),
    verifier: Verifier | None = None,
) -> FastAPI:
    """An application with trace ids, metrics, problem documents, /healthz and /readyz (which runs `checks`).

    Exceptions of the types `away` say that a dependency is away: 503 with Retry-After. `verifier` judges the callers of
    routes with a parameter `Caller` (authentication.py). A path with a slash at its end is another path: a redirect
    would lead to http, since the gateway ends TLS.
    """
    app = FastAPI(title=title, lifespan=lifespan, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.verifier = verifier
    problems.install(app, away)
    app.add_middleware(metrics.MetricsMiddleware)
    app.add_middleware(TraceMiddleware)
    app.include_router(health.router(checks or {}))
    app.include_router(metrics.router)
    return app
