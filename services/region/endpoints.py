"""HTTP endpoints of the region service."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

import msgspec
from fastapi import FastAPI
from starlette.responses import Response

from contracts.gateway import ACTIVE_PATH
from contracts.region_state import REGION_PATH
from services.kit import app
from services.kit.region import UNGATED
from services.region.active import Current, NotServing, Serving, answer
from services.region.keeper import Keeper


def create(
    current: Current, keeper: Keeper | None = None, listener: AbstractAsyncContextManager[None] | None = None
) -> FastAPI:
    """The application. It keeps the lease by `keeper`, and has `listener` open while it serves.

    ACTIVE_PATH is asked from outside, through the gateway: 200 only while the region may serve, otherwise 503.
    REGION_PATH is asked inside the cluster, and is no route of the gateway.
    """

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with listener or contextlib.nullcontext():
            if keeper is None:
                yield
                return
            keeping = asyncio.create_task(keeper.run())
            yield
            keeping.cancel()
            await asyncio.wait([keeping])

    service = app.create("region", lifespan=lifespan, gate=UNGATED)

    @service.get(ACTIVE_PATH, responses={200: {"model": Serving}, 503: {"model": NotServing}})
    async def active() -> Response:
        """Whether this region serves: 200 only while it does."""
        return answer(current())

    @service.get(REGION_PATH)
    async def state() -> Response:
        return Response(msgspec.json.encode(current()), media_type="application/json")

    return service
