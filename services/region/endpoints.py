"""HTTP endpoints of the region service."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator

import msgspec
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from contracts.gateway import ACTIVE_PATH
from contracts.lease import TERM_SECONDS
from contracts.platform import RegionRole
from contracts.region_state import REGION_PATH, RegionReport, RegionState
from services.kit import app
from services.kit.region import UNGATED
from services.region.holding import without_lease
from services.region.keeper import Keeper


class Serving(BaseModel):
    region: str
    state: RegionState


class NotServing(Serving):
    """`error` says why."""

    error: str


def create(region: str, role: RegionRole, keeper: Keeper | None) -> FastAPI:
    """The application; without `keeper` there is no lease, and the region is active.

    ACTIVE_PATH is asked from outside, by Route53: 200 only while the region may serve, otherwise 503 with the reason.
    REGION_PATH is asked inside the cluster, and is no route of the gateway.
    """

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if keeper is None:
            yield
            return
        keeping = asyncio.create_task(keeper.run())
        yield
        keeping.cancel()
        await asyncio.wait([keeping])

    service = app.create("region", lifespan=lifespan, gate=UNGATED)

    def current() -> RegionReport:
        return keeper.report() if keeper else without_lease(region, role)

    @service.get(ACTIVE_PATH, responses={200: {"model": Serving}, 503: {"model": NotServing}})
    async def active() -> Response:
        """Whether this region serves: 200 only while it does."""
        found = current()
        if found.state is RegionState.ACTIVE:
            return JSONResponse(Serving(region=region, state=found.state).model_dump())
        body = NotServing(region=region, state=found.state, error=found.reason)
        return JSONResponse(body.model_dump(), 503, headers={"Retry-After": str(math.ceil(TERM_SECONDS))})

    @service.get(REGION_PATH)
    async def state() -> Response:
        return Response(msgspec.json.encode(current()), media_type="application/json")

    return service
