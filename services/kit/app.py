"""The FastAPI application common to all services."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Depends, FastAPI

from services.kit import health, metrics, parameters, problems, region
from services.kit.bodies import BodyMiddleware
from services.kit.region import Gate, Lifespan
from services.kit.tokens import Verifier
from services.kit.trace import TraceMiddleware


def create(
    title: str,
    *,
    checks: Mapping[str, health.Check] | None = None,
    lifespan: Lifespan | None = None,
    gate: Gate | None = None,
    away: tuple[type[Exception], ...] = (),
    verifier: Verifier | None = None,
) -> FastAPI:
    """An application with trace ids, metrics, problem documents, /healthz and /readyz (which runs `checks`).

    Exceptions of the types `away` say that a dependency is away: 503 with Retry-After. `verifier` judges the callers of
    routes with a parameter `Caller` (authentication.py). A parameter with a NUL is refused (parameters.py), and a body
    that is too long or too slow (bodies.py). While its region may not serve, `gate` refuses everything but health and
    metrics: the one of the environment unless given. A path with a slash at its end is another path: a redirect would
    lead to http, since the gateway ends TLS.
    """
    gate = gate or region.gate_of_environment()
    app = FastAPI(
        title=title,
        lifespan=region.watched(gate, lifespan),
        dependencies=[Depends(parameters.check)],
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.verifier = verifier
    problems.install(app, away)
    app.add_middleware(BodyMiddleware)
    app.add_middleware(region.GateMiddleware, gate=gate)
    app.add_middleware(metrics.MetricsMiddleware)
    app.add_middleware(TraceMiddleware)
    # As they are, and not included: FastAPI asks an included router at every request, a tenth of what the kit costs.
    app.router.routes.extend([*health.router(checks or {}).routes, *metrics.router.routes])
    return app
