"""The devices that a person is signed in on."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel
from starlette.responses import Response

from services.auth.audit import store as audit
from services.auth.rest.caller import Caller
from services.auth.service import Service
from services.auth.sessions import store
from services.kit.problems import Problem, documented


class Device(BaseModel):
    """`current` is the one that asks."""

    id: str
    name: str
    signed_in_at: datetime
    used_at: datetime
    current: bool


class Devices(BaseModel):
    devices: list[Device]


def router(service: Service) -> APIRouter:
    routes = APIRouter(prefix="/v1/auth")

    @routes.get("/devices", responses=documented(401, 503))
    async def devices(who: Caller) -> Devices:
        """Where the caller is signed in."""
        async with service.pool.connection() as connection:
            found = await store.open_sessions(connection, who.principal.user)
        return Devices(
            devices=[
                Device(
                    id=one.id,
                    name=one.device,
                    signed_in_at=one.created_at,
                    used_at=one.used_at,
                    current=one.id == who.session_id,
                )
                for one in found
            ]
        )

    @routes.delete("/devices/{device}", status_code=204, responses=documented(401, 404, 422, 503))
    async def sign_out(device: Annotated[str, Path(max_length=64, examples=["0b7e6d4c"])], who: Caller) -> Response:
        """Ends the session of one device; its access token lasts for its 15 minutes elsewhere."""
        user = who.principal.user
        async with service.pool.connection() as connection:
            if not await store.end(connection, device, "signed out by the person", user):
                raise Problem(404, "no device of yours with this id is signed in")
            await audit.append(connection, user, "session.ended", device)
        return Response(status_code=204)

    @routes.post("/log-out-everywhere", status_code=204, responses=documented(401, 503))
    async def everywhere(who: Caller) -> Response:
        """Ends the sessions of all devices."""
        user = who.principal.user
        async with service.pool.connection() as connection:
            ended = await store.end_all(connection, user, "log-out everywhere")
            await audit.append(connection, user, "session.all-ended", user, sessions=str(ended))
        return Response(status_code=204)

    return routes
