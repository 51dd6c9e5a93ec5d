"""What a replicator copies, as its process reads it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

HEADER = "__mskmr"
"""Of records that a replicator wrote, with the place that they came from. They are not copied again, so that nothing
goes round between clusters."""
_INTERNAL = "__"
"""What names of internal topics begin with, those of replicators among them."""


@dataclass(frozen=True)
class Plan:
    """Patterns are regular expressions of whole names. `source` and `target` are settings of librdkafka."""

    id: str
    """Of the replicator: what it knows is stored under it in the target cluster."""
    source: dict[str, Any]
    target: dict[str, Any]
    alias: str
    """Of the source cluster."""
    topics: tuple[str, ...]
    topics_excluded: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    groups_excluded: tuple[str, ...] = ()
    identical: bool = True
    """Whether topics keep their names; the alias is put before them otherwise."""
    new_topics: bool = True
    new_groups: bool = True
    configurations: bool = True
    offsets: bool = True
    """Whether offsets of groups are committed at the target."""
    latest: bool = False
    """Whether topics that there are at the start are copied from their end on, not from their beginning."""
    compression: str = "none"

    def text(self) -> str:
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def parse(cls, text: str) -> Plan:
        read: dict[str, Any] = json.loads(text)
        known: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in read.items()}
        return cls(**known)

    @property
    def positions_topic(self) -> str:
        """Topic of the target that holds how far each partition is copied."""
        return f"__replicator.{self.id}"

    def copies(self, topic: str) -> bool:
        return not topic.startswith(_INTERNAL) and _chosen(topic, self.topics, self.topics_excluded)

    def follows(self, group: str) -> bool:
        return _chosen(group, self.groups, self.groups_excluded)

    def renamed(self, topic: str) -> str:
        """Its name at the target."""
        return topic if self.identical else f"{self.alias}.{topic}"

    def original(self, name: str) -> str | None:
        """The topic of the source that this one of the target is a copy of; None when it is none."""
        topic = name if self.identical else name.removeprefix(f"{self.alias}.")
        return topic if self.renamed(topic) == name and self.copies(topic) else None


def _chosen(name: str, wanted: Iterable[str], excluded: Iterable[str]) -> bool:
    return _matches(name, wanted) and not _matches(name, excluded)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(re.fullmatch(pattern, name) for pattern in patterns)
