"""Idempotency-Key: a request that is repeated is carried out once and answered alike.

The key is stored in the transaction that does the work: after a crash neither or both are there. A repeat that comes
while the first is at work waits for its end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec
from fastapi import Header
from starlette.responses import Response

from services.kit.database import Connection
from services.kit.problems import Problem

KEPT = "24 hours"
REPLAYED = "Idempotency-Replayed"
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")]
"""A parameter of a route; a repeat within 24 hours with the same key is answered as the first request was."""

TABLE = """
create table idempotency_keys (
    user_id text not null,
    key text not null,
    request bytea not null,
    status smallint not null default 0,
    body bytea not null default '',
    created_at timestamptz not null default now(),
    primary key (user_id, key)
);
create index on idempotency_keys (created_at);
"""

_FORGET = f"""
delete from idempotency_keys where (user_id, key) in (
    select user_id, key from idempotency_keys where created_at < now() - interval '{KEPT}'
    order by created_at limit 10 for update skip locked
)"""
"""More than one request adds, so that the table does not grow."""
_CLAIM = "insert into idempotency_keys (user_id, key, request) values (%s, %s, %s) on conflict do nothing"
_STORED = "select request, status, body from idempotency_keys where user_id = %s and key = %s"
_STORE = "update idempotency_keys set status = %s, body = %s where user_id = %s and key = %s"


class Answer(msgspec.Struct, frozen=True):
    """What the work answers: a status and the JSON of a body."""

    status: int
    body: bytes

    def response(self, *, replayed: bool = False) -> Response:
        return Response(self.body, self.status, {REPLAYED: "true"} if replayed else None, "application/json")


async def once(
    connection: Connection, user: str, key: str | None, request: bytes, work: Callable[[], Awaitable[Answer]]
) -> Response:
    """The answer of `work`, which uses `connection`, or that of an earlier request of `user` with this key.

    `request` is what the key stands for, such as the route and the body; raises 422 if it stood for another before.
    Errors are not kept: a repeat tries again. Without a key the work is done.
    """
    if key is None:
        return (await work()).response()
    digest = hashlib.sha256(request).digest()
    await connection.execute(_FORGET)
    claimed = await connection.execute(_CLAIM, (user, key, digest))
    if not claimed.rowcount:
        row = await (await connection.execute(_STORED, (user, key))).fetchone()
        if row is None or row[0] != digest:
            raise Problem(422, "this Idempotency-Key was used for another request; use a new one for a new request")
        return Answer(row[1], row[2]).response(replayed=True)
    answer = await work()
    await connection.execute(_STORE, (answer.status, answer.body, user, key))
    return answer.response()
