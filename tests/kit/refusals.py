"""A table that refuses rows, and the dead letters of what was refused."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator

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


async def dead_letters(
    bootstrap: str, topic: str, count: int = 1, wanted: Callable[[DeadLetter], bool] = lambda _: True
) -> list[DeadLetter]:
    """The first `count` of a topic's records that are wanted; fails the test when they are not there in time."""
    reader = AIOKafkaConsumer(TOPIC_SERVICES_DEAD, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    letters: list[DeadLetter] = []
    async with reader, asyncio.timeout(30):
        while len(letters) < count:
            letter = read_dead_letter((await reader.getone()).value or b"")
            if letter.topic == topic and wanted(letter):
                letters.append(letter)
    return letters
