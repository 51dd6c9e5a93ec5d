"""What an app shows first, in one answer: facts from Redis or the database, and what they mean at this moment.

Only facts are cached, not what follows from them: a streak ends, and a day begins, without any change of a row.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec

from services.kit.database import Connection
from services.kit.tokens import Principal
from services.kit.zones import day_end, day_of
from services.users import streaks
from services.users.cache import Cache
from services.users.gamification.rules import level, level_begins
from services.users.people import People, refuse_deleted
from services.users.schemas import Launch, StreakNow

_FACTS = """
select people.version, profile.content ->> 'display_name', coalesce(profile.content ->> 'zone', 'UTC'),
    coalesce(streaks.length, 0), coalesce(streaks.longest, 0), streaks.last_day, coalesce(streaks.freezes, 0),
    coalesce(progress.points, 0),
    array(select badge from badges where badges.user_id = people.user_id order by earned_at, badge)
from people
left join documents as profile on profile.user_id = people.user_id and profile.kind = 'profile'
left join streaks on streaks.user_id = people.user_id
left join progress on progress.user_id = people.user_id
where people.user_id = %s"""


class Facts(msgspec.Struct, array_like=True, frozen=True):
    version: int = 0
    display_name: str | None = None
    zone: str = "UTC"
    length: int = 0
    longest: int = 0
    last_day: date | None = None
    freezes: int = 0
    points: int = 0
    badges: list[str] = []


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Facts).decode


async def facts(people: People, cache: Cache, who: Principal) -> Facts:
    """The facts of a person, defaults for one that has stored nothing; raises Problem 410 after the account's end."""
    if (cached := await cache.facts(who.user)) is not None:
        return _decode(cached)
    async with people.pool.connection() as connection:
        found = await _stored(connection, who)
    await cache.fill(who.user, found.version, _encode(found))
    return found


def at(user: str, found: Facts, now: datetime) -> Launch:
    """What the facts mean at `now`."""
    zone = ZoneInfo(found.zone)
    today = day_of(now, zone)
    streak = streaks.Streak(found.length, found.longest, found.last_day, found.freezes)
    number = level(found.points)
    return Launch(
        user=user,
        display_name=found.display_name,
        zone=found.zone,
        day=today,
        day_ends_at=day_end(now, zone),
        checked_in=streaks.counts(streak, today),
        streak=shown(streaks.as_of(streak, today)),
        points=found.points,
        level=number,
        next_level_at=level_begins(number + 1),
        badges=found.badges,
    )


def shown(streak: streaks.Streak) -> StreakNow:
    return StreakNow(length=streak.length, longest=streak.longest, freezes=streak.freezes)


async def _stored(connection: Connection, who: Principal) -> Facts:
    row = await (await connection.execute(_FACTS, (who.user,))).fetchone()
    if row is None:
        await refuse_deleted(connection, who)
        return Facts()
    return Facts(*row)
