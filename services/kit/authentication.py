"""The caller of a route, as a FastAPI dependency: 401 without a valid token, 503 while no key can be had."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from services.kit.jwks import KeysUnavailable
from services.kit.problems import Problem, unavailable
from services.kit.tokens import InvalidToken, Principal, Verifier


async def caller(connection: HTTPConnection) -> Principal:
    """Who sends the request, judged by the `verifier` with which the application was created."""
    verifier: Verifier = connection.app.state.verifier
    try:
        return await verifier.authenticate(connection)
    except InvalidToken as error:
        raise Problem(401, str(error), headers={"WWW-Authenticate": "Bearer"}) from error
    except KeysUnavailable as error:
        raise unavailable(str(error)) from error


Caller = Annotated[Principal, Depends(caller)]
"""A parameter of a route that only authenticated callers may use."""
