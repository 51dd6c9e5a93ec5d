"""Data of a stream that other streams of its namespace use too, and that must outlive it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from contracts.biostream import BioStreamSpec
from operators.biostream import topics


@dataclass(frozen=True)
class Shared:
    """Names of topics and databases that other streams use."""

    topics: frozenset[str]
    databases: frozenset[str]


def shared(others: Iterable[BioStreamSpec]) -> Shared:
    specs = list(others)
    return Shared(
        frozenset(topic.name for spec in specs for topic in topics.desired_topics(spec)),
        frozenset(spec.sink.database for spec in specs),
    )
