"""Who calls, and whether they may."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import Request

from services.auth.access import store as access
from services.auth.access.permissions import allowed
from services.auth.issuing import Bearer
from services.auth.service import Service
from services.auth.sessions import store as sessions
from services.kit.problems import Problem
from services.kit.tokens import InvalidToken, bearer

Caller = Callable[[Request], Awaitable[Bearer]]


def caller(service: Service) -> Caller:
    """A dependency: the caller by their token, whose session is still open; 401 otherwise."""

    async def authenticated(request: Request) -> Bearer:
        try:
            found = service.issuer.bearer(bearer(request.headers))
        except InvalidToken as error:
            raise _unauthenticated(str(error)) from error
        if found.session_id is not None:
            async with service.pool.connection() as connection:
                if not await sessions.is_open(connection, found.session_id):
                    raise _unauthenticated("the session of the token has ended")
        return found

    return authenticated


def permitted(service: Service, permission: str) -> Caller:
    """A dependency: a caller whose token has a role that grants `permission` now; 403 otherwise."""
    authenticated = caller(service)

    async def checked(request: Request) -> Bearer:
        found = await authenticated(request)
        roles = found.principal.roles
        async with service.pool.connection() as connection:
            grants = await access.grants(connection, roles)
        if not allowed(roles, grants, permission):
            raise Problem(403, f"this needs the permission {permission}")
        return found

    return checked


def _unauthenticated(why: str) -> Problem:
    return Problem(401, why, headers={"WWW-Authenticate": "Bearer"})
