"""Who calls, and whether they may: dependencies of routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from services.auth.access import store as access
from services.auth.access.permissions import allowed
from services.auth.issuing import Bearer
from services.auth.service import Service
from services.auth.sessions import store as sessions
from services.kit.problems import Problem
from services.kit.tokens import InvalidToken, bearer


async def caller(request: Request) -> Bearer:
    """The caller by their token, whose session is still open; 401 otherwise."""
    service = _service(request)
    try:
        found = service.issuer.bearer(bearer(request.headers))
    except InvalidToken as error:
        raise _unauthenticated(str(error)) from error
    if found.session_id is not None:
        async with service.pool.connection() as connection:
            if not await sessions.is_open(connection, found.session_id):
                raise _unauthenticated("the session of the token has ended")
    return found


Caller = Annotated[Bearer, Depends(caller)]


def permitted(permission: str) -> Callable[[Request], Awaitable[Bearer]]:
    """The caller, if a role of their token grants `permission` now; 403 otherwise."""

    async def checked(request: Request) -> Bearer:
        found = await caller(request)
        roles = found.principal.roles
        async with _service(request).pool.connection() as connection:
            grants = await access.grants(connection, roles)
        if not allowed(roles, grants, permission):
            raise Problem(403, f"this needs the permission {permission}")
        return found

    return checked


def _service(request: Request) -> Service:
    return request.app.state.running.service


def _unauthenticated(why: str) -> Problem:
    return Problem(401, why, headers={"WWW-Authenticate": "Bearer"})
