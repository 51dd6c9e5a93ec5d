"""The life of a push in Redis: given by `recommend`, seen on a wearable or missed, and then written into the store.

    given    in the person's hash of pending pushes, in OPEN with the moment it expires, and published on the channel
    seen     `ingest` hears so from the app: out of the hash and of OPEN, into OUTCOMES
    missed   `recommend` finds it expired: out of the hash and of OPEN, into OUTCOMES
    written  `recommend` writes the outcome into the store, and then deletes it from OUTCOMES

Each step is one script, so a push is in exactly one place whoever is killed, and has one outcome: the first. A person
can only confirm what is pending for themselves.
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
"""Lua. Keys: the person's pending hash, OPEN, OUTCOMES; arguments: event id, user, outcome, Unix ms. Gives 1, or 0 when
nothing was pending: an outcome is known, or the event is another person's or nobody's."""


def ticket(event_id: str, user: str) -> str:
    """The member of OPEN."""
    return f"{event_id} {user}"


def parse_ticket(ticket: str) -> tuple[str, str]:
    """Event id and user of a member of OPEN; an event id holds no space."""
    event_id, _, user = ticket.partition(" ")
    return event_id, user
