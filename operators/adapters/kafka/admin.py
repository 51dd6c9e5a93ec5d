"""Admin client of a Kafka cluster, for topics."""

# pyright: reportPrivateImportUsage=false
# confluent_kafka.admin documents these names without marking them as exported.

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from contracts.connections import KafkaClient
from contracts.lasting_admin import LastingAdmin
from operators.adapters.kafka.errors import reason
from operators.adapters.kafka.topics import (
    AlterConfigs,
    CreatePartitions,
    CreateTopic,
    KafkaState,
    TopicChange,
    TopicDescription,
)

_TIMEOUT_SECONDS = 10
T = TypeVar("T")


class KafkaUnreachable(Exception):
    """The brokers did not answer, or not yet."""


class KafkaRefused(Exception):
    """The brokers refused a request; `reason` is the kind of refusal in one CamelCase word, the text Kafka's own."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class TopicAdmin:
    """Describes, creates, alters and deletes topics of a cluster."""

    def __init__(self, kafka: KafkaClient) -> None:
        self._bootstrap = kafka["bootstrap.servers"]
        settings = {
            **kafka,
            "socket.timeout.ms": _TIMEOUT_SECONDS * 1000,
            "log_level": 0,
        }
        with self._errors():
            self._admin = LastingAdmin(settings)

    async def describe(self, names: Iterable[str]) -> KafkaState:
        """Those of the topics that exist, and what else a decision needs. Raises KafkaUnreachable or KafkaRefused."""
        return await asyncio.to_thread(self._call, lambda admin: _describe(admin, set(names)))

    async def apply(self, changes: Iterable[TopicChange]) -> None:
        """Raises KafkaUnreachable or KafkaRefused at the first change that fails; those before it are made."""
        for change in changes:
            await asyncio.to_thread(self._call, lambda admin, change=change: _apply(admin, change))

    async def newest(self, topic: str, partitions: int) -> datetime | None:
        """Timestamp of the topic's newest record, None while it has none. Raises KafkaUnreachable or KafkaRefused."""
        newest_record: Any = OffsetSpec.max_timestamp()  # its declared type says Optional
        wanted = {TopicPartition(topic, number): newest_record for number in range(partitions)}

        def ask(admin: AdminClient) -> list[Any]:
            futures = admin.list_offsets(wanted, request_timeout=_TIMEOUT_SECONDS)
            return [future.result(_TIMEOUT_SECONDS) for future in futures.values()]

        found = await asyncio.to_thread(self._call, ask)
        newest = max((one.timestamp for one in found if one.offset >= 0), default=0)
        return datetime.fromtimestamp(newest / 1000, UTC) if newest > 0 else None

    async def delete(self, names: Iterable[str]) -> None:
        """Deletes topics and their records; skips those that do not exist. Raises KafkaUnreachable or KafkaRefused."""
        state = await self.describe(names)

        def ask(admin: AdminClient) -> None:
            for future in admin.delete_topics(list(state.topics), operation_timeout=_TIMEOUT_SECONDS).values():
                future.result(_TIMEOUT_SECONDS)

        if state.topics:
            await asyncio.to_thread(self._call, ask)

    def _call(self, call: Callable[[AdminClient], T]) -> T:
        with self._errors(), self._admin.asking() as admin:
            return call(admin)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Those of the client as KafkaUnreachable and KafkaRefused."""
        try:
            yield
        except TimeoutError as error:
            raise KafkaUnreachable(f"Kafka at {self._bootstrap} did not answer in {_TIMEOUT_SECONDS} s") from error
        except KafkaException as error:
            details: KafkaError = error.args[0]
            message = f"Kafka at {self._bootstrap}: {details.name()}: {details.str()}"
            if kind := reason(details.name(), details.str()):
                raise KafkaRefused(kind, message) from error
            raise KafkaUnreachable(message) from error


def _describe(admin: AdminClient, names: set[str]) -> KafkaState:
    metadata = admin.list_topics(timeout=_TIMEOUT_SECONDS)
    existing = sorted(names & metadata.topics.keys())
    resources = [ConfigResource(ResourceType.TOPIC, name) for name in existing]
    configs = admin.describe_configs(resources, request_timeout=_TIMEOUT_SECONDS) if resources else {}
    values = {
        resource.name: {entry.name: entry.value or "" for entry in future.result(_TIMEOUT_SECONDS).values()}
        for resource, future in configs.items()
    }
    found: dict[str, TopicDescription] = {}
    for name in existing:
        partitions = metadata.topics[name].partitions
        replication = max((len(one.replicas) for one in partitions.values()), default=0)
        found[name] = TopicDescription(len(partitions), replication, values[name])
    return KafkaState(found, len(metadata.brokers), frozenset(metadata.topics))


def _apply(admin: AdminClient, change: TopicChange) -> None:
    futures: dict[Any, Any]
    match change:
        case CreateTopic(topic):
            new = NewTopic(topic.name, topic.partitions, topic.replication or -1, config=topic.config)
            futures = admin.create_topics([new], operation_timeout=_TIMEOUT_SECONDS)
        case CreatePartitions(name, partitions):
            futures = admin.create_partitions([NewPartitions(name, partitions)], operation_timeout=_TIMEOUT_SECONDS)
        case AlterConfigs(name, config):
            entries = [
                ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET) for key, value in config.items()
            ]
            resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=entries)
            futures = admin.incremental_alter_configs([resource], request_timeout=_TIMEOUT_SECONDS)
    for future in futures.values():
        try:
            future.result(_TIMEOUT_SECONDS)
        except KafkaException as error:  # created a moment ago, and not in every broker's metadata yet
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
