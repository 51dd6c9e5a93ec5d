"""Reads windows and events from the store, to compare them with an offline computation of the same beats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import psycopg

from contracts.platform import TABLE_EVENTS, TABLE_HRV
from dataflows.biosync.signal.row import Row

_BATCH_SIZE = 20_000
_ROWS = f"""select user_id, (extract(epoch from at) * 1000)::bigint, hr, rmssd, sdnn, pnn50, beats, quality, dropped
from {TABLE_HRV} where %(all)s or user_id = any(%(users)s) order by user_id, at"""
_EVENTS = f"""select event_id, user_id, (extract(epoch from received_at) * 1000)::bigint, responded_at is not null
from {TABLE_EVENTS} where %(all)s or user_id = any(%(users)s)"""


class Event(NamedTuple):
    event_id: str
    user: str
    received: int
    """Unix ms at which ingest read the frame that completed the evidence."""
    answered: bool


def rows(connection: psycopg.Connection[Any], users: Sequence[str] | None = None) -> Iterator[tuple[str, list[Row]]]:
    """The users that have rows (of `users`, if given), and the rows of each in order of time; streamed."""
    with connection.transaction(), connection.cursor("rows") as cursor:
        cursor.itersize = _BATCH_SIZE
        found = cursor.execute(_ROWS.encode(), _user_filter(users), binary=True)
        for user, group in groupby(found, key=itemgetter(0)):
            yield user, [Row._make(record[1:]) for record in group]


def events(connection: psycopg.Connection[Any], users: Sequence[str] | None = None) -> Iterator[Event]:
    """The events of these users, or of all."""
    yield from map(Event._make, connection.execute(_EVENTS.encode(), _user_filter(users)))


def _user_filter(users: Sequence[str] | None) -> dict[str, Any]:
    return {"all": users is None, "users": list(users or ())}
