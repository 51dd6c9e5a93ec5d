"""Records of the topic `user-events`: what people did, keyed by user, as JSON.

Writers repeat a record after a crash; its `id` stays the same, and a reader applies an id once. A reader ignores kinds
and fields that it does not know, so that new ones can be added.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from contracts.decoding import of_others

PARTITIONS: Final = 6
RETENTION_MS: Final = 7 * 86_400_000


class Kind(StrEnum):
    CHECK_IN = "check-in"
    """The first check-in of a person's day; `streak` is its length with this day."""
    SESSION_FINISHED = "session-finished"
    CALM_SEEN = "calm-seen"
    """The person saw an Emergency Calm."""
    ACCOUNT_DELETED = "account-deleted"
    """Whoever keeps something of this person erases what is of moments before `until`, and nothing later: the person
    may have come back. It is sent again once no topic has older data that something could be derived from."""


class UserEvent(msgspec.Struct, frozen=True, omit_defaults=True):
    """`at` and `until` are Unix ms."""

    id: str
    """A UUID."""
    kind: str
    """A Kind, or one that this version does not know."""
    user: str
    at: int
    streak: int = 0
    until: int = 0


encode = msgspec.json.Encoder().encode
read = of_others(msgspec.json.Decoder(UserEvent).decode)
"""The event in a record; raises msgspec.DecodeError or ValidationError."""
