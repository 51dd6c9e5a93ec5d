"""A place in a partition of the raw topic: up to where its records are part of a state."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """An offset belongs to one topic. In another one, such as that of the other region, the time tells where to go on.

    `topic` is Kafka's id of a topic, `offset` that of the next record, and `at` the time of the record before it in
    Unix ms: as the record says, but not later than when it was read; 0 when there was none.
    """

    topic: str
    offset: int
    at: int


BEGINNING = Place("", 0, 0)
"""The oldest record of whatever topic exists."""
MARGIN_MS = 300_000
"""A seek by time goes back this much further: the clocks of those who write to the topic differ by less. Records that
are read again change nothing, since a person's state knows the numbers of the frames of each device."""
