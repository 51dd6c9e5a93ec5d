"""Preferences of a user: written by the service that stores user accounts, read by `recommend`.

A JSON object in Redis under PREFERENCES_KEY + user. A writer replaces it as a whole. A reader treats a record that is
absent or invalid as no preferences, so that every user gets an answer. Unknown fields are ignored, so that new ones can
be added.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from contracts.decoding import of_others

PREFERENCES_KEY = "users:preferences:"

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Words = Annotated[list[Word], msgspec.Meta(max_length=8)]


class Preferences(msgspec.Struct, frozen=True, omit_defaults=True):
    """Every field may be absent.

    `language` and `longest_minutes` are filters that apply whenever any content passes them; `kinds` ("breathing") and
    `voices` (a narrator's name) only rank content higher.
    """

    language: Annotated[str, msgspec.Meta(pattern="^[a-z]{2}$")] | None = None
    """ISO 639-1 code."""
    longest_minutes: Annotated[int, msgspec.Meta(ge=1, le=120)] | None = None
    kinds: Words = []
    voices: Words = []
    timezone: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    """IANA name ("Europe/Berlin"): for the user's time of day."""


NONE = Preferences()

read = of_others(msgspec.json.Decoder(Preferences).decode)
"""The preferences in a record; raises msgspec.MsgspecError, which names the error."""
