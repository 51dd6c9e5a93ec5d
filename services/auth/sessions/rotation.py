"""What the use of a refresh token does (RFC 9700, section 4.14.2). Pure.

A session is a family of tokens. Each use of the newest one gives its successor. The use of an older one means that two
parties hold the family, and ends it: one of them stole it. There is one exception. An app whose answer was lost, by a
tunnel or a crash, can only repeat the token that it has. For a short time it gets another successor, and the one that
was lost is replaced; so whichever of the two successors comes second ends the family.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LIFETIME_SECONDS = 7 * 24 * 3600
"""Of a refresh token; each rotation begins it anew, so a device that is used at least once a week stays signed in."""

GRACE_SECONDS = 30.0
"""In which a used token may be repeated: two attempts of an app with a timeout of 10 s, and some."""


class Outcome(StrEnum):
    """What happens to the token, and to the session."""

    ROTATED = "rotated"
    """It was the newest one: it is used up, and its successor is issued."""
    REPLACED = "replaced"
    """Its successor never arrived: that one is replaced by a new successor."""
    REUSED = "reused"
    """Somebody used it before: the session ends."""
    EXPIRED = "expired"
    ENDED = "ended"
    """The session ended before."""


@dataclass(frozen=True)
class StoredToken:
    """A refresh token as it is stored; times in Unix seconds.

    `successor_used` says whether the newest token that was issued for it has been used in its turn. `replaced` is for a
    token that a repetition of its predecessor took out of use.
    """

    expires_at: float
    used_at: float | None = None
    successor_used: bool = False
    replaced: bool = False


def outcome(token: StoredToken, session_ended: bool, now: float) -> Outcome:
    """Of presenting `token` at `now`.

    Reuse is judged before expiry: a thief who waits a week is a thief.
    """
    if session_ended:
        return Outcome.ENDED
    if token.replaced:
        return Outcome.REUSED
    if token.used_at is not None:
        lost_answer = not token.successor_used and now - token.used_at <= GRACE_SECONDS
        return Outcome.REPLACED if lost_answer else Outcome.REUSED
    return Outcome.EXPIRED if now >= token.expires_at else Outcome.ROTATED
