"""Liveness and readiness endpoints for the kubelet.

/healthz succeeds as long as the event loop runs; /readyz returns 200 only if every check passes, and lists those that
fail. An unavailable dependency makes a Pod unready but not unhealthy: a restart would not help.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter
from starlette.responses import JSONResponse

Check = Callable[[], Awaitable[object]]
"""Passes by returning; fails by raising, and the exception's text is returned to the caller."""

CHECK_TIMEOUT_SECONDS = 2.0


def router(checks: Mapping[str, Check]) -> APIRouter:
    """Routes /healthz and /readyz; each /readyz runs all `checks` concurrently, for at most two seconds."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/healthz")
    async def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @routes.get("/readyz")
    async def readyz() -> JSONResponse:
        results = await asyncio.gather(*(_run(*item) for item in checks.items()))
        failures = {name: error for name, error in results if error}
        if failures:
            return JSONResponse({"status": "unready", "failures": failures}, status_code=503)
        return JSONResponse({"status": "ready"})

    return routes


async def _run(name: str, check: Check) -> tuple[str, str]:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
            await check()
    except TimeoutError:
        return name, f"no answer within {CHECK_TIMEOUT_SECONDS:g} s"
    except Exception as error:  # any exception fails the check and is returned to the caller
        return name, f"{type(error).__name__}: {error}"
    return name, ""
