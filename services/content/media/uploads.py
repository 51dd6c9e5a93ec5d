"""Uploads as rows: what was announced, until the recording is complete and its item has it."""

from __future__ import annotations

from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from pydantic import BaseModel

from services.content.schemas import Media, Part
from services.kit.database import Connection


class Upload(BaseModel):
    """`multipart` is S3's id."""

    id: UUID
    item: int
    media: Media
    parts: list[Part]
    multipart: str


async def store(connection: Connection, upload: Upload) -> None:
    await connection.execute(
        "insert into uploads (id, item, media, parts, multipart) values (%s, %s, %s, %s, %s)",
        (
            upload.id,
            upload.item,
            Jsonb(upload.media.model_dump()),
            Jsonb([part.model_dump() for part in upload.parts]),
            upload.multipart,
        ),
    )


async def get(connection: Connection, id: UUID) -> Upload | None:
    """The upload, its row held by this transaction."""
    async with connection.cursor(row_factory=class_row(Upload)) as cursor:
        await cursor.execute("select id, item, media, parts, multipart from uploads where id = %s for update", (id,))
        return await cursor.fetchone()


async def delete(connection: Connection, id: UUID) -> None:
    await connection.execute("delete from uploads where id = %s", (id,))
