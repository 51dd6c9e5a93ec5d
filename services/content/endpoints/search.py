"""Search and suggestions. Without OpenSearch they answer 503, and everything else goes on."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import HTTPConnection

from services.content.endpoints.dependencies import Cursor
from services.content.schemas import Found, Kind, Locale, Suggestions, Word
from services.content.search import query
from services.content.search.engine import Engine, SearchUnavailable
from services.content.search.query import Wanted
from services.kit import cursor, logs
from services.kit.authentication import Caller
from services.kit.problems import documented, unavailable
from services.kit.text import Line

MAX_FOUND = 50
_POSITION = re.compile(r"([0-9]{1,10}(?:\.[0-9]{1,20})?(?:e[+-][0-9]{1,2})?):([0-9]{1,16})")

log = logs.get(__name__)
router = APIRouter()


async def engine(connection: HTTPConnection) -> Engine:
    return connection.app.state.engine


Search = Annotated[Engine, Depends(engine)]
Text = Annotated[Line, Query(min_length=1, max_length=120, examples=["breath"])]


@router.get("/search", responses=documented(401, 422, 503))
async def search(
    _: Caller,
    engine: Search,
    q: Text,
    kind: Kind | None = None,
    locale: Locale | None = None,
    tag: Word | None = None,
    teacher: Annotated[Line | None, Query(max_length=80)] = None,
    entitlement: Annotated[Line | None, Query(max_length=40)] = None,
    max_seconds: Annotated[int | None, Query(ge=1, le=8 * 3600)] = None,
    after: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=MAX_FOUND)] = 20,
) -> Found:
    """Published items whose texts match `q`, the best first; typing errors are forgiven."""
    wanted = Wanted(q, kind, locale, tag, teacher, entitlement, max_seconds)
    position = None
    if after is not None:
        score, id = cursor.decode(after, _POSITION).groups()
        position = float(score), int(id)
    return query.found(await _answer(engine, query.search(wanted, limit, position)), limit)


@router.get("/suggestions", responses=documented(401, 422, 503))
async def suggest(
    _: Caller,
    engine: Search,
    q: Text,
    locale: Locale | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_FOUND)] = 8,
) -> Suggestions:
    """Titles with the words that `q` begins."""
    return Suggestions(suggestions=query.suggested(await _answer(engine, query.suggestions(q, locale, limit))))


async def _answer(engine: Engine, body: dict[str, Any]) -> dict[str, Any]:
    try:
        return await engine.search(body)
    except SearchUnavailable as error:
        log.warning("search_unavailable", error=str(error))
        raise unavailable("search is unavailable, the catalogue is not") from error
