"""The lifecycle of a push in Redis: created by `recommend`, seen on a wearable or missed, then written to the database.

    pending  in the user's hash of pending pushes, in OPEN with its expiry, and published on the channel
    seen     the app confirms it to `ingest`: moved from the hash and OPEN to OUTCOMES
    missed   `recommend` finds it expired: moved from the hash and OPEN to OUTCOMES
    written  `recommend` writes the outcome to the database, then deletes it from OUTCOMES

Each step is one script, so a push is in exactly one place whichever process is killed, and has one outcome: the first.
A user can only confirm their own pushes.
"""

from __future__ import annotations

from typing import Final

OPEN: Final = "push:open"
"""Sorted set of "<event id> <user>" by the Unix ms at which the push expires."""
OUTCOMES: Final = "push:outcomes"
"""Stream of `outcome` (seen or missed), `at` (Unix ms) and `push` (EmergencyCalm as JSON)."""
SEEN: Final = "seen"
MISSED: Final = "missed"

CLOSE: Final = """
redis.call('zrem', KEYS[2], ARGV[1] .. ' ' .. ARGV[2])
local push = redis.call('hget', KEYS[1], ARGV[1])
if not push then return 0 end
redis.call('hdel', KEYS[1], ARGV[1])
redis.call('xadd', KEYS[3], '*', 'outcome', ARGV[3], 'at', ARGV[4], 'push', push)
return 1
"""
"""Lua. Keys: the user's pending hash, OPEN, OUTCOMES; arguments: event id, user, outcome, Unix ms. Returns 1, or 0 if
nothing was pending: it already has an outcome, or the event is unknown or of another user."""


def ticket(event_id: str, user: str) -> str:
    """The member of OPEN."""
    return f"{event_id} {user}"


def parse_ticket(ticket: str) -> tuple[str, str]:
    """Event id and user of a member of OPEN; an event id contains no space. Raises ValueError on another text."""
    event_id, space, user = ticket.partition(" ")
    if not space:
        raise ValueError(f"{ticket!a} is not an event id, a space and a user")
    return event_id, user
