"""Daily check-ins and the streak that they make, as rows."""

from __future__ import annotations

from datetime import date, datetime
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from psycopg.rows import class_row

from services.kit.database import Connection
from services.kit.zones import day_of
from services.users.schemas import CheckIn, Mood
from services.users.streaks import Streak, check_in

_STREAK = "select length, longest, last_day, freezes from streaks where user_id = %s"
_STORE_STREAK = """
insert into streaks (user_id, length, longest, last_day, freezes) values (%s, %s, %s, %s, %s)
on conflict (user_id) do update set length = excluded.length, longest = excluded.longest,
    last_day = excluded.last_day, freezes = excluded.freezes"""
_STORE = """
insert into check_ins (user_id, day, at, zone, mood, note) values (%s, %s, %s, %s, %s, %s)
on conflict (user_id, day) do update set mood = excluded.mood, note = excluded.note"""
_PAGE = """
select day, at, zone, mood, note from check_ins where user_id = %s and day < %s order by day desc limit %s"""
LATEST = date.max


async def record(connection: Connection, user: str, mood: Mood, now: datetime, zone: ZoneInfo) -> tuple[Streak, bool]:
    """Stores the check-in of the day that is at `now`; the streak with it, and whether the day counted by it.

    The transaction holds the person's row: of two check-ins at once one is the first.
    """
    day = day_of(now, zone)
    before = await streak_of(connection, user)
    after = check_in(before, day)
    await connection.execute(_STORE, (user, day, now, zone.key, mood.mood, mood.note))
    if after == before:
        return after, False
    values = (user, after.length, after.longest, after.last_day, after.freezes)
    await connection.execute(_STORE_STREAK, values)
    return after, True


def event_id(user: str, day: date) -> UUID:
    """Of the event of a day's first check-in: the same whoever computes it."""
    return uuid5(NAMESPACE_URL, f"check-in {day} {user}")


async def streak_of(connection: Connection, user: str) -> Streak:
    row = await (await connection.execute(_STREAK, (user,))).fetchone()
    return Streak(*row) if row else Streak()


async def page(connection: Connection, user: str, before: date, limit: int) -> list[CheckIn]:
    """The check-ins of days before `before`, newest first."""
    async with connection.cursor(row_factory=class_row(CheckIn)) as cursor:
        await cursor.execute(_PAGE, (user, before, limit))
        return await cursor.fetchall()
