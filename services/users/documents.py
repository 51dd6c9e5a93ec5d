"""Documents of a person that are read and replaced as a whole: profile, settings, preferences.

Each has a version of its own, from 1; 0 stands for one that was never stored and has its defaults.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from psycopg.types.json import Jsonb
from pydantic import BaseModel

from services.kit.database import Connection

D = TypeVar("D", bound=BaseModel)


class Kind(StrEnum):
    PROFILE = "profile"
    SETTINGS = "settings"
    PREFERENCES = "preferences"


_READ = "select version, content from documents where user_id = %s and kind = %s"
_STORE = """
insert into documents (user_id, kind, version, content) values (%s, %s, %s, %s)
on conflict (user_id, kind)
do update set version = excluded.version, content = excluded.content, updated_at = now()"""


async def read(connection: Connection, user: str, kind: Kind, model: type[D]) -> tuple[int, D]:
    """Version and document. Fields that a newer Pod stored during a rollout are left out."""
    row = await (await connection.execute(_READ, (user, kind))).fetchone()
    if row is None:
        return 0, model()
    return row[0], model.model_validate({name: row[1][name] for name in model.model_fields if name in row[1]})


async def store(connection: Connection, user: str, kind: Kind, version: int, document: BaseModel) -> None:
    """Replaces a document; the transaction holds the person's row, so no other change comes between."""
    await connection.execute(_STORE, (user, kind, version, Jsonb(document.model_dump(mode="json"))))
