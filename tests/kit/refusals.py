"""A table that refuses rows, and the dead letters of what was refused."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psycopg
from aiokafka import AIOKafkaConsumer

from contracts.platform import TOPIC_SERVICES_DEAD
from contracts.records import DeadLetter, read_dead_letter


@contextlib.contextmanager
def refusing(uri: str, table: str, sqlstate: str) -> Iterator[None]:
    """Each change of a row of `table` fails with that SQLSTATE."""
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(
            "create function refuse() returns trigger language plpgsql as"
            f" $$ begin raise exception 'refused' using errcode = '{sqlstate}'; end $$".encode()
        )
        connection.execute(
            f"create trigger refuse before insert or update or delete on {table}"
            " for each row execute function refuse()".encode()
        )
        try:
            yield
        finally:
            connection.execute(b"drop function refuse cascade")


async def dead_letters(bootstrap: str, topic: str) -> list[DeadLetter]:
    """Of a topic's records, once there are any."""
    reader = AIOKafkaConsumer(TOPIC_SERVICES_DEAD, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    async with reader:
        found = await reader.getmany(timeout_ms=10_000)
    letters = [read_dead_letter(record.value or b"") for records in found.values() for record in records]
    return [letter for letter in letters if letter.topic == topic]
