"""A topic as declared, a topic as it exists, and the changes from one to the other. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """A topic as it shall be; `replication` None stands for the cluster's default."""

    name: str
    partitions: int
    replication: int | None
    retention_ms: int
    record_bytes: int | None = None
    """The largest record it takes; the cluster's default if None."""

    @property
    def config(self) -> dict[str, str]:
        largest = {} if self.record_bytes is None else {"max.message.bytes": str(self.record_bytes)}
        return {"cleanup.policy": "delete", "retention.ms": str(self.retention_ms), **largest}


@dataclass(frozen=True)
class Found:
    """A topic as it is."""

    partitions: int
    replication: int
    config: Mapping[str, str]


@dataclass(frozen=True)
class Create:
    topic: Topic


@dataclass(frozen=True)
class Grow:
    name: str
    partitions: int


@dataclass(frozen=True)
class Configure:
    name: str
    config: Mapping[str, str]


TopicChange = Create | Grow | Configure
