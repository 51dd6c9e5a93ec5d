"""Records of the topic `entitlement-events`: what a person has paid for, one key a person, as JSON.

The topic is compacted: whoever reads it from its beginning knows what everybody has. A record repeats after a crash;
of two records of a person the one with the higher version holds. Each says all of it, so none depends on another one.
The record without a value (a tombstone) of a person says that their account has ended.
"""

from __future__ import annotations

from typing import Final

import msgspec

from contracts.decoding import of_others

PARTITIONS: Final = 3


class Entitlement(msgspec.Struct, frozen=True):
    """A role of access tokens that are issued before `until`, Unix ms. It ends by itself; no record tells of that."""

    name: str
    until: int


class EntitlementEvent(msgspec.Struct, frozen=True):
    """`at` is in Unix ms."""

    id: str
    """A UUID."""
    user: str
    version: int
    at: int
    entitlements: tuple[Entitlement, ...]


encode = msgspec.json.Encoder().encode
read = of_others(msgspec.json.Decoder(EntitlementEvent).decode)
"""The event in a record; raises msgspec.DecodeError or ValidationError."""
