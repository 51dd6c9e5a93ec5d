"""What the routes share, as FastAPI dependencies."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query
from starlette.requests import HTTPConnection

from services.users.cache import Cache
from services.users.people import People

MAX_LIMIT = 200


async def people(connection: HTTPConnection) -> People:
    return connection.app.state.people


async def cache(connection: HTTPConnection) -> Cache:
    return connection.app.state.cache


async def now() -> datetime:
    return datetime.now(UTC)


Store = Annotated[People, Depends(people)]
LaunchCache = Annotated[Cache, Depends(cache)]
Now = Annotated[datetime, Depends(now)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
Cursor = Annotated[str | None, Query(max_length=200, description="`next` of the page before")]
