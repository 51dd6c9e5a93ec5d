"""What the routes share, as FastAPI dependencies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Header, Path, Query
from starlette.requests import HTTPConnection

from services.content.media.bucket import Bucket
from services.content.media.signing import Signer
from services.content.schemas import MAX_ID
from services.kit.authentication import Caller
from services.kit.database import Pool
from services.kit.outbox import Relay
from services.kit.problems import Problem
from services.kit.tokens import Principal

EDITORS = frozenset({"admin", "content-editor"})
"""Roles of access tokens whose bearers change the catalogue."""
MAX_LIMIT = 200


@dataclass(frozen=True)
class Catalogue:
    """The database of items, with what carries its changes to Kafka."""

    pool: Pool
    relay: Relay


@dataclass(frozen=True)
class Recordings:
    """Where recordings are uploaded to, and for how long a signed URL plays one."""

    bucket: Bucket
    signer: Signer
    played_for: timedelta


async def recordings(connection: HTTPConnection) -> Recordings:
    return connection.app.state.recordings


async def now() -> datetime:
    return datetime.now(UTC)


async def catalogue(connection: HTTPConnection) -> Catalogue:
    return connection.app.state.catalogue


async def editor(who: Caller) -> Principal:
    """The caller, if a role of theirs lets them change the catalogue; else 403."""
    if not who.roles & EDITORS:
        raise Problem(403, f"this needs one of the roles {', '.join(sorted(EDITORS))}; an administrator gives them")
    return who


Editor = Annotated[Principal, Depends(editor)]
Store = Annotated[Catalogue, Depends(catalogue)]
Media = Annotated[Recordings, Depends(recordings)]
Now = Annotated[datetime, Depends(now)]
Id = Annotated[int, Path(ge=1, le=MAX_ID)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
Cursor = Annotated[str | None, Query(max_length=200, description="`next` of the page before")]
IfMatch = Annotated[str | None, Header(max_length=1000, examples=['"1"'])]
IfNoneMatch = Annotated[str | None, Header(max_length=1000)]
