"""Profile, settings and preferences: read and replaced as a whole, by ETag."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel

from services.kit.authentication import Caller
from services.kit.etag import etag, require_match, unchanged
from services.kit.problems import documented
from services.kit.tokens import Principal
from services.users.documents import Kind, read, store
from services.users.endpoints.dependencies import Store
from services.users.people import People, refuse_deleted
from services.users.schemas import Preferences, Profile, Settings

D = TypeVar("D", bound=BaseModel)
IfMatch = Annotated[str | None, Header(max_length=1000, examples=['"0"'])]
IfNoneMatch = Annotated[str | None, Header(max_length=1000)]

_READ = {**documented(401, 410, 422, 503), 304: {"description": "unchanged since If-None-Match"}}
_REPLACE = documented(401, 410, 412, 422, 428, 503)
router = APIRouter()


@router.get("/profile", responses=_READ, response_model=Profile)
async def profile(who: Caller, people: Store, response: Response, if_none_match: IfNoneMatch = None) -> Any:
    """Who the person is to others, and their zone."""
    return await _get(people, who, Kind.PROFILE, Profile, response, if_none_match)


@router.put("/profile", responses=_REPLACE)
async def replace_profile(
    who: Caller, people: Store, document: Profile, response: Response, if_match: IfMatch = None
) -> Profile:
    """Replaces it, unless it was changed since the ETag in If-Match."""
    return await _put(people, who, Kind.PROFILE, document, response, if_match)


@router.get("/settings", responses=_READ, response_model=Settings)
async def settings(who: Caller, people: Store, response: Response, if_none_match: IfNoneMatch = None) -> Any:
    """The settings of the person's apps."""
    return await _get(people, who, Kind.SETTINGS, Settings, response, if_none_match)


@router.put("/settings", responses=_REPLACE)
async def replace_settings(
    who: Caller, people: Store, document: Settings, response: Response, if_match: IfMatch = None
) -> Settings:
    """Replaces it, unless it was changed since the ETag in If-Match."""
    return await _put(people, who, Kind.SETTINGS, document, response, if_match)


@router.get("/preferences", responses=_READ, response_model=Preferences)
async def preferences(who: Caller, people: Store, response: Response, if_none_match: IfNoneMatch = None) -> Any:
    """Which calming sessions suit the person."""
    return await _get(people, who, Kind.PREFERENCES, Preferences, response, if_none_match)


@router.put("/preferences", responses=_REPLACE)
async def replace_preferences(
    who: Caller, people: Store, document: Preferences, response: Response, if_match: IfMatch = None
) -> Preferences:
    """Replaces it, unless it was changed since the ETag in If-Match."""
    return await _put(people, who, Kind.PREFERENCES, document, response, if_match)


async def _get(
    people: People, who: Principal, kind: Kind, model: type[D], response: Response, if_none_match: str | None
) -> D | Response:
    async with people.pool.connection() as connection:
        version, document = await read(connection, who.user, kind, model)
        if version == 0:
            await refuse_deleted(connection, who)
    if unchanged(if_none_match, version):
        return Response(status_code=304, headers={"ETag": etag(version)})
    response.headers["ETag"] = etag(version)
    return document


async def _put(people: People, who: Principal, kind: Kind, document: D, response: Response, if_match: str | None) -> D:
    async with people.change(who) as connection:
        version, _ = await read(connection, who.user, kind, type(document))
        require_match(if_match, version)
        await store(connection, who.user, kind, version + 1, document)
    response.headers["ETag"] = etag(version + 1)
    return document
