"""Everything of a person: given to them, or erased.

The end of an account is one transaction: the person's rows go, and with the same commit the event stands in the outbox
by which other services erase what they have. The event is sent again when `bio-sensor-raw` has no beats of before the
end any more, and when nobody can replay dead letters of before it: what was computed from those is erased then.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from contracts.platform import TOPIC_USER_EVENTS
from contracts.user_events import Kind, UserEvent, encode
from services.kit import outbox
from services.kit.database import Connection
from services.kit.export import Exported, rows
from services.users.people import digest, tokens_end

AGAIN_AFTER = timedelta(hours=25), timedelta(days=8, hours=2)
"""Beats are kept in `bio-sensor-raw` for 24 hours and dead letters for seven days; what is replayed on the last of them
is a beat of that topic for a day more."""
TABLES_OF_A_PERSON = (
    *("people", "documents", "check_ins", "streaks", "progress", "rewards", "badges", "consents", "idempotency_keys"),
)
"""Every table with rows of a person; those but the first refer to it and go with it."""
_EXPORTED = {
    table: f"select to_jsonb(t) - 'user_id' from {table} as t where user_id = %(person)s"
    for table in TABLES_OF_A_PERSON
    if table != "idempotency_keys"  # answers that the person got already
}

_DELETE = "delete from people where user_id = %s"
_REMEMBER = """
insert into deletions (person, at) values (%s, %s) on conflict (person) do update set at = excluded.at"""


async def export(connection: Connection, user: str) -> Exported:
    """The person's rows by table."""
    return await rows(connection, _EXPORTED, user)


async def delete(connection: Connection, user: str, now: datetime) -> None:
    """Ends the account in a transaction that holds the person's row."""
    await connection.execute(_DELETE, (user,))
    await connection.execute(_REMEMBER, (digest(user), now))
    at, until = milliseconds(now), milliseconds(tokens_end(now))
    for due in (now, *(now + after for after in AGAIN_AFTER)):
        event = UserEvent(str(uuid4()), Kind.ACCOUNT_DELETED, user, at, until=until)
        await put(connection, event, due=due)


async def put(connection: Connection, event: UserEvent, *, due: datetime | None = None) -> None:
    """An event of a person into the outbox."""
    await outbox.put(connection, event.id, TOPIC_USER_EVENTS, event.user, encode(event), due=due)


def milliseconds(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp() * 1000)
