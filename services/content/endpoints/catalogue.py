"""What apps read: the published items."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from psycopg import AsyncConnection

from services.content import items
from services.content.endpoints.dependencies import Cursor, Id, IfNoneMatch, Limit, Store
from services.content.items import Filter
from services.content.schemas import EditedItem, Item, Items, Kind, Locale, Slug, State, Word
from services.kit import cursor
from services.kit.authentication import Caller
from services.kit.database import reading
from services.kit.etag import etag, unchanged
from services.kit.problems import Problem, documented
from services.kit.text import Line

_ID = re.compile(r"[0-9]{1,16}")
_UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "unchanged since If-None-Match"}}
router = APIRouter()


@router.get("/items", responses=documented(401, 422, 503))
async def list_items(
    _: Caller,
    store: Store,
    kind: Kind | None = None,
    locale: Locale | None = None,
    work: Slug | None = None,
    tag: Word | None = None,
    teacher: Annotated[Line | None, Query(max_length=80)] = None,
    entitlement: Annotated[Line | None, Query(max_length=40)] = None,
    max_seconds: Annotated[int | None, Query(ge=1, le=8 * 3600)] = None,
    after: Cursor = None,
    limit: Limit = 50,
) -> Items:
    """Published items that meet every filter, newest first."""
    filter = Filter(State.PUBLISHED, kind, locale, work, tag, teacher, entitlement, max_seconds)
    async with reading(store.pool) as connection:
        found, following = await page(connection, filter, after, limit)
    return Items(items=[shown(item) for item in found], next=following)


@router.get("/items/{item}", response_model=Item, responses={**documented(401, 404, 422, 503), **_UNCHANGED})
async def get_item(_: Caller, store: Store, item: Id, response: Response, if_none_match: IfNoneMatch = None) -> Any:
    """A published item."""
    found = await published(store, item)
    if unchanged(if_none_match, found.version):
        return Response(status_code=304, headers={"ETag": etag(found.version)})
    response.headers["ETag"] = etag(found.version)
    return shown(found)


async def published(store: Store, item: int) -> EditedItem:
    """The item, if apps may see it; else 404."""
    async with reading(store.pool) as connection:
        found = await items.get(connection, item)
    if found is None or found.state is not State.PUBLISHED:
        raise missing(item)
    return found


async def page(
    connection: AsyncConnection[Any], filter: Filter, after: str | None, limit: int
) -> tuple[Sequence[EditedItem], str | None]:
    """A page of items, and the cursor of the next one."""
    before = items.NEWEST if after is None else int(cursor.decode(after, _ID)[0])
    found = await items.page(connection, filter, before, limit + 1)
    return found[:limit], cursor.encode(str(found[limit - 1].id)) if len(found) > limit else None


def shown(item: EditedItem) -> Item:
    return Item.model_validate(item.model_dump(include=set(Item.model_fields)))


def missing(item: int) -> Problem:
    return Problem(404, f"there is no item {item}, or it is not published")
