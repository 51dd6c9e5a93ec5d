"""Items as rows. A change that apps see puts an event into the outbox with the same commit."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from contracts.content_events import Content, ContentEvent, encode
from contracts.platform import TOPIC_CONTENT_EVENTS
from services.content.schemas import Draft, EditedItem, Media, State
from services.kit import outbox
from services.kit.database import Connection

NEWEST = (1 << 63) - 1
_COLUMNS = (
    "id, version, state, kind, locale, work, title, description, seconds, tags, teacher, entitlement, media,"
    " created_at, updated_at"
)
_FIELDS = ("kind", "locale", "work", "title", "description", "seconds", "tags", "teacher", "entitlement")
_CREATE = f"""
insert into items ({", ".join(_FIELDS)}) values ({", ".join(f"%({name})s" for name in _FIELDS)}) returning {_COLUMNS}"""
_REPLACE = f"""
update items set {", ".join(f"{name} = %({name})s" for name in _FIELDS)}, version = version + 1, updated_at = now()
where id = %(id)s returning {_COLUMNS}"""
_DECIDE = f"""
update items set state = %(state)s, version = version + 1, updated_at = now() where id = %(id)s returning {_COLUMNS}"""
_RECORD = f"""
update items set media = %(media)s, version = version + 1, updated_at = now() where id = %(id)s returning {_COLUMNS}"""


@dataclass(frozen=True)
class Filter:
    """None: any."""

    state: State | None = None
    kind: str | None = None
    locale: str | None = None
    work: str | None = None
    tag: str | None = None
    teacher: str | None = None
    entitlement: str | None = None
    max_seconds: int | None = None

    def conditions(self) -> tuple[str, dict[str, object]]:
        """What follows `where`, and its parameters."""
        parts, given = [], {name: value for name, value in vars(self).items() if value is not None}
        for name in given:
            if name == "tag":
                parts.append("tags @> array[%(tag)s]")
            elif name == "max_seconds":
                parts.append("seconds <= %(max_seconds)s")
            else:
                parts.append(f"{name} = %({name})s")
        return " and ".join(["id < %(before)s", *parts]), given


async def page(connection: Connection, filter: Filter, before: int, limit: int) -> list[EditedItem]:
    """The items with ids below `before`, highest first."""
    conditions, given = filter.conditions()
    query = f"select {_COLUMNS} from items where {conditions} order by id desc limit %(limit)s"
    return await _rows(connection, query, {**given, "before": before, "limit": limit})


async def get(connection: Connection, item: int, *, lock: bool = False) -> EditedItem | None:
    """`lock` keeps the row from other changes until the end of the transaction."""
    query = f"select {_COLUMNS} from items where id = %(id)s {'for update' if lock else ''}"
    return next(iter(await _rows(connection, query, {"id": item})), None)


async def create(connection: Connection, draft: Draft) -> EditedItem:
    return (await _rows(connection, _CREATE, draft.model_dump(mode="json")))[0]


async def replace(connection: Connection, item: int, draft: Draft) -> EditedItem:
    """The transaction holds the row, as for every change."""
    return await _changed(connection, _REPLACE, {**draft.model_dump(mode="json"), "id": item})


async def decide(connection: Connection, item: int, state: State) -> EditedItem:
    return await _changed(connection, _DECIDE, {"id": item, "state": state})


async def record(connection: Connection, item: int, media: Media) -> EditedItem:
    """Gives the item a recording."""
    return await _changed(connection, _RECORD, {"id": item, "media": Jsonb(media.model_dump())})


async def _changed(connection: Connection, statement: str, parameters: dict[str, Any]) -> EditedItem:
    (item,) = await _rows(connection, statement, parameters)
    if item.state is not State.DRAFT:  # nobody else knows of a draft
        event = event_of(item, int(time.time() * 1000))
        await outbox.put(connection, event.id, TOPIC_CONTENT_EVENTS, str(item.id), encode(event))
    return item


def event_of(item: EditedItem, at: int) -> ContentEvent:
    """What readers of the topic are told of this version."""
    content = None
    if item.state is State.PUBLISHED:
        content = Content(
            kind=item.kind,
            locale=item.locale,
            title=item.title,
            description=item.description,
            seconds=item.seconds,
            tags=item.tags,
            teacher=item.teacher,
            entitlement=item.entitlement,
        )
    return ContentEvent(str(uuid4()), item.id, item.version, at, content)


async def _rows(connection: Connection, query: str, parameters: dict[str, Any]) -> list[EditedItem]:
    async with connection.cursor(row_factory=class_row(EditedItem)) as cursor:
        await cursor.execute(query.encode(), parameters)
        return await cursor.fetchall()
