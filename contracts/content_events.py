"""Records of the topic `content-events`: what is published now, one key an item, as JSON.

The topic is compacted: whoever reads it from its beginning knows the whole catalogue. A record repeats after a crash;
of two records of an item the one with the higher version holds. A reader ignores fields that it does not know.
"""

from __future__ import annotations

from typing import Final

import msgspec

from contracts.decoding import of_others

PARTITIONS: Final = 3


class Content(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a published item says; `seconds` is its length, `entitlement` what its listener needs ("": nothing)."""

    kind: str
    locale: str
    """A language of ISO 639-1, and a country of ISO 3166-1 if it is one country's: en, pt-BR."""
    title: str
    description: str
    seconds: int
    tags: list[str] = []
    teacher: str = ""
    entitlement: str = ""


class ContentEvent(msgspec.Struct, frozen=True, omit_defaults=True):
    """`at` is in Unix ms; without `content` the item is not published any more."""

    id: str
    """A UUID."""
    item: int
    version: int
    at: int
    content: Content | None = None


encode = msgspec.json.Encoder().encode
read = of_others(msgspec.json.Decoder(ContentEvent).decode)
"""The event in a record; raises msgspec.DecodeError or ValidationError."""
