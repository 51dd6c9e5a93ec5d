"""Liveness and readiness for the kubelet.

/healthz answers as long as the event loop turns; /readyz answers 200 only when every check passes, and names those
that fail. A dependency that is away makes a Pod unready, never dead: restarting it would mend nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter
from starlette.responses import JSONResponse

Check = Callable[[], Awaitable[object]]
"""Passes by returning; fails by raising, and the exception's text is shown."""

CHECK_SECONDS = 2.0


def router(checks: Mapping[str, Check]) -> APIRouter:
    """Routes /healthz and /readyz; `checks` are run at each /readyz, all at once, for at most two seconds."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/healthz")
    async def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @routes.get("/readyz")
    async def readyz() -> JSONResponse:
        verdicts = await asyncio.gather(*(_run(*item) for item in checks.items()))
        failures = {name: why for name, why in verdicts if why}
        if failures:
            return JSONResponse({"status": "unready", "failures": failures}, status_code=503)
        return JSONResponse({"status": "ready"})

    return routes


async def _run(name: str, check: Check) -> tuple[str, str]:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except TimeoutError:
        return name, f"no answer within {CHECK_SECONDS:g} s"
    except Exception as error:  # whatever a check raises is its verdict, and it is shown
        return name, f"{type(error).__name__}: {error}"
    return name, ""
