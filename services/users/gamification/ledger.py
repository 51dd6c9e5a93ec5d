"""Rewards as rows: each event of a person counts once, however often its record is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from psycopg.types.json import Jsonb

from contracts.user_events import UserEvent
from services.kit.database import Connection
from services.users.gamification.rules import REWARDS, Progress, apply, badges
from services.users.people import begin_change, deleted_at
from services.users.schemas import Reward

_CLAIM = """
insert into rewards (user_id, event_id, kind, points, at) values (%s, %s, %s, 0, %s) on conflict do nothing"""
_THAT_DAY = """
select count(*) from rewards where user_id = %s and kind = %s and at >= %s and at < %s and event_id <> %s"""
_EARNED = "update rewards set points = %s where user_id = %s and event_id = %s"
_PROGRESS = "select points, counted from progress where user_id = %s"
_STORE = """
insert into progress (user_id, points, counted) values (%s, %s, %s)
on conflict (user_id) do update set points = excluded.points, counted = excluded.counted"""
_BADGES = """
insert into badges (user_id, badge, earned_at) select %s, badge, %s from unnest(%s::text[]) as badge
on conflict do nothing"""
_PAGE = """
select id, event_id::text, kind, points, at from rewards where user_id = %s and id < %s order by id desc limit %s"""


async def reward(connection: Connection, event: UserEvent) -> bool:
    """Applies an event in a transaction; False if it earns nothing, was applied before, or is of a deleted account."""
    if event.kind not in REWARDS:
        return False
    await begin_change(connection, event.user)
    at = datetime.fromtimestamp(event.at / 1000, UTC)
    ended = await deleted_at(connection, event.user)
    if ended is not None and at <= ended:
        await connection.rollback()
        return False
    if not (await connection.execute(_CLAIM, (event.user, event.id, event.kind, at))).rowcount:
        await connection.rollback()
        return False
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    parameters = (event.user, event.kind, day, day + timedelta(days=1), event.id)
    row = await (await connection.execute(_THAT_DAY, parameters)).fetchone()
    before = await progress_of(connection, event.user)
    after, earned = apply(before, event.kind, streak=event.streak, that_day=row[0] if row else 0)
    await connection.execute(_EARNED, (earned, event.user, event.id))
    await connection.execute(_STORE, (event.user, after.points, Jsonb(dict(after.counted))))
    if new := sorted({*badges(after)} - {*badges(before)}):
        await connection.execute(_BADGES, (event.user, at, new))
    return True


async def progress_of(connection: Connection, user: str) -> Progress:
    row = await (await connection.execute(_PROGRESS, (user,))).fetchone()
    return Progress(*row) if row else Progress()


async def page(connection: Connection, user: str, before: int, limit: int) -> list[tuple[int, Reward]]:
    """Rewards and their numbers, of numbers below `before`, newest first."""
    rows = await (await connection.execute(_PAGE, (user, before, limit))).fetchall()
    return [(row[0], Reward(event_id=row[1], kind=row[2], points=row[3], at=row[4])) for row in rows]
