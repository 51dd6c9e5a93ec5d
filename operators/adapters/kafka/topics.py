"""A topic as declared, a topic as it exists, and the changes from one to the other. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """A desired topic; `replication` None stands for the cluster's default."""

    name: str
    partitions: int
    replication: int | None
    retention_ms: int
    max_message_bytes: int | None = None
    """The largest record batch; the cluster's default if None."""

    @property
    def config(self) -> dict[str, str]:
        size = {} if self.max_message_bytes is None else {"max.message.bytes": str(self.max_message_bytes)}
        return {"cleanup.policy": "delete", "retention.ms": str(self.retention_ms), **size}


@dataclass(frozen=True)
class TopicDescription:
    """A topic as it exists."""

    partitions: int
    replication: int
    config: Mapping[str, str]


@dataclass(frozen=True)
class KafkaState:
    """Those of some topics that exist, the number of brokers, and the names of all topics."""

    topics: Mapping[str, TopicDescription]
    brokers: int
    names: frozenset[str]


@dataclass(frozen=True)
class CreateTopic:
    topic: Topic


@dataclass(frozen=True)
class CreatePartitions:
    name: str
    partitions: int


@dataclass(frozen=True)
class AlterConfigs:
    name: str
    config: Mapping[str, str]


TopicChange = CreateTopic | CreatePartitions | AlterConfigs
