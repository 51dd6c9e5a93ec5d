"""Refuses requests while the region may not serve, or while that is not known.

The region service says for how long its answer holds, counted from when it was asked. So every process closes by itself
when the lease ends, whoever does not answer whom.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import httpx
import msgspec
from fastapi import FastAPI
from prometheus_client import Gauge
from starlette.types import ASGIApp, Receive, Scope, Send

from contracts.region_state import RegionState, decode
from services.kit import logs, problems
from services.kit.elapsed import elapsed
from services.kit.settings import JWKS_PATH, GateSettings

log = logs.get(__name__)
gate_open = Gauge("aura_region_gate_open", "1 while the region is known to be active, and requests are served")

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

ASK_SECONDS = 1.0
RETRY_AFTER_SECONDS = 10
"""About the time in which names move to the other region, or a region that lost its witness finds it again."""
NOT_SERVING = "this region does not serve at the moment; nothing was changed: try again, by name and not by address"
"""What clients are told; why, the logs say."""
_REFUSAL = problems.Problem(503, NOT_SERVING, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
_ALWAYS = {"/healthz", "/readyz", "/metrics", JWKS_PATH}
"""What is asked of this process and not of the platform, and the public keys, which any region may publish."""


class Gate(Protocol):
    """`refusal` says why the region may not serve; "" while it may. `watch` keeps that up to date."""

    def refusal(self) -> str: ...

    async def watch(self) -> None: ...


class Ungated:
    """Of a stack without a passive region, and of the region service itself."""

    def refusal(self) -> str:
        return ""

    async def watch(self) -> None: ...


UNGATED = Ungated()


class RegionGate:
    """Closed until the region service has said otherwise."""

    def __init__(self, url: str) -> None:
        """`url` is that of REGION_PATH; "" if it is not known, which nothing opens."""
        self._url = url
        self._open_until = 0.0
        self._reason = "the region service has not answered yet"
        self._was_open = False

    def refusal(self) -> str:
        return "" if elapsed() < self._open_until else self._reason

    async def watch(self) -> None:
        if not self._url:
            self._reason = "the Pod was not told where to ask for its region's state (REGION_URL)"
            return
        async with httpx.AsyncClient(timeout=2 * ASK_SECONDS, trust_env=False) as client:
            while True:
                await self.ask(client)
                await asyncio.sleep(ASK_SECONDS)

    async def ask(self, client: httpx.AsyncClient) -> None:
        sent = elapsed()
        try:
            answer = await client.get(self._url)
            report = decode(answer.raise_for_status().content)
        except (httpx.HTTPError, msgspec.DecodeError) as error:  # what was said last holds until its end
            self._reason = f"the region service does not say more: {error or type(error).__name__}"
        else:
            active = report.state is RegionState.ACTIVE and report.remaining_s is not None
            self._open_until = sent + (report.remaining_s or 0.0) if active else 0.0
            self._reason = f"region {report.region} is {report.state}: {report.reason}"
        if self._was_open != (opened := not self.refusal()):
            self._was_open = opened
            gate_open.set(opened)
            log.warning("region_gate", open=opened, reason="" if opened else self._reason)


def gate_of_environment() -> Gate:
    """A gate where there is a witness, so that it is closed also while the Pod does not know whom to ask."""
    settings = GateSettings()
    return RegionGate(settings.region_url) if settings.witness_bucket else UNGATED


def watched(gate: Gate, lifespan: Lifespan | None) -> Lifespan | None:
    """`lifespan`, during which the gate is kept up to date."""
    if gate is UNGATED:
        return lifespan

    @contextlib.asynccontextmanager
    async def both(app: FastAPI) -> AsyncIterator[None]:
        watching = asyncio.create_task(gate.watch())
        try:
            async with lifespan(app) if lifespan else contextlib.nullcontext():
                yield
        finally:
            watching.cancel()
            await asyncio.wait([watching])

    return both


class GateMiddleware:
    """ASGI middleware: a problem (RFC 9457) with 503 and Retry-After instead of every route of people and services."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self.app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in _ALWAYS and self._gate.refusal():
            await problems.response(_REFUSAL)(scope, receive, send)
        else:
            await self.app(scope, receive, send)
