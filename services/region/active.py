"""Whether the region serves: the answer at ACTIVE_PATH, and the application that has nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable

from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from contracts.gateway import ACTIVE_PATH
from contracts.lease import TERM_SECONDS
from contracts.region_state import RegionReport, RegionState

Current = Callable[[], RegionReport]


class Serving(BaseModel):
    region: str
    state: RegionState


class NotServing(Serving):
    """`error` says why."""

    error: str


def answer(found: RegionReport) -> JSONResponse:
    """200 while the region serves, otherwise 503."""
    if found.state is RegionState.ACTIVE:
        return JSONResponse(Serving(region=found.region, state=found.state).model_dump())
    body = NotServing(region=found.region, state=found.state, error=found.reason)
    return JSONResponse(body.model_dump(), 503, headers={"Retry-After": str(math.ceil(TERM_SECONDS))})


def application(current: Current) -> Starlette:
    """For Route 53's health checkers, at ACTIVE_PORT."""

    async def active(_: Request) -> JSONResponse:
        return answer(current())

    return Starlette(routes=[Route(ACTIVE_PATH, active)])
