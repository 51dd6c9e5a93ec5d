"""What a person prefers to be offered: written by the service that keeps people's accounts, read by `recommend`.

A JSON object in Redis under PREFERENCES_KEY + user. Whoever writes it replaces it as a whole; whoever reads it takes an
absent record, or one that can't be read, for no preference at all: nobody goes without an answer because of it. Fields
that a reader does not know are passed over, so that new ones can be added.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

PREFERENCES_KEY = "users:preferences:"

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Words = Annotated[list[Word], msgspec.Meta(max_length=8)]


class Preferences(msgspec.Struct, frozen=True, omit_defaults=True):
    """Every field may be absent.

    `language` and `longest_minutes` are bounds that are kept whenever anything fits them; `kinds` ("breathing") and
    `voices` (a narrator's name) are liked better than others, no more.
    """

    language: Annotated[str, msgspec.Meta(pattern="^[a-z]{2}$")] | None = None
    """ISO 639-1 code."""
    longest_minutes: Annotated[int, msgspec.Meta(ge=1, le=120)] | None = None
    kinds: Words = []
    voices: Words = []
    timezone: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    """IANA name ("Europe/Berlin"): what time of day it is for the person."""


NONE = Preferences()

_decode = msgspec.json.Decoder(Preferences).decode


def read(value: bytes) -> Preferences:
    """The preferences in a record; raises msgspec.MsgspecError naming what is wrong with it."""
    return _decode(value)
