"""Topics of a Kafka cluster."""

# pyright: reportPrivateImportUsage=false
# confluent_kafka.admin documents these names without marking them as exported.

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourceType,
)

from operators.adapters.kafka.topics import Configure, Create, Found, Grow, TopicChange

_SECONDS = 10
_TLS_PORTS = {"9094", "9194"}
"""The ports at which MSK's brokers speak TLS, inside the VPC and from outside."""


class KafkaUnreachable(Exception):
    """The brokers did not answer, or refused."""


class Topics:
    """Topics of the cluster at `bootstrap`."""

    def __init__(self, bootstrap: str) -> None:
        tls = bootstrap.split(",")[0].rpartition(":")[2] in _TLS_PORTS
        self._bootstrap = bootstrap
        self._admin = AdminClient(
            {
                "bootstrap.servers": bootstrap,
                "security.protocol": "SSL" if tls else "PLAINTEXT",
                "socket.timeout.ms": _SECONDS * 1000,
                "log_level": 0,
            }
        )

    async def found(self, names: Iterable[str]) -> tuple[dict[str, Found], int]:
        """Those of the topics that exist, and how many brokers there are. Raises KafkaUnreachable."""
        return await asyncio.to_thread(self._guarded, lambda: self._found(set(names)))

    async def do(self, actions: Iterable[TopicChange]) -> None:
        """Raises KafkaUnreachable at the first that fails; those before it are done."""
        for action in actions:
            await asyncio.to_thread(self._guarded, lambda action=action: self._do(action))

    async def delete(self, names: Iterable[str]) -> None:
        """Deletes topics and what is in them; those that do not exist are none to delete."""
        found, _ = await self.found(names)
        if found:
            futures = self._admin.delete_topics(list(found), operation_timeout=_SECONDS)
            await asyncio.to_thread(self._guarded, lambda: [future.result(_SECONDS) for future in futures.values()])

    def _found(self, names: set[str]) -> tuple[dict[str, Found], int]:
        metadata = self._admin.list_topics(timeout=_SECONDS)
        there = sorted(names & metadata.topics.keys())
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in there]
        configs = self._admin.describe_configs(resources, request_timeout=_SECONDS) if resources else {}
        values = {
            resource.name: {entry.name: entry.value or "" for entry in future.result(_SECONDS).values()}
            for resource, future in configs.items()
        }
        found: dict[str, Found] = {}
        for name in there:
            partitions = metadata.topics[name].partitions
            replication = max((len(one.replicas) for one in partitions.values()), default=0)
            found[name] = Found(len(partitions), replication, values[name])
        return found, len(metadata.brokers)

    def _do(self, action: TopicChange) -> None:
        futures: dict[Any, Any]
        match action:
            case Create(topic):
                new = NewTopic(topic.name, topic.partitions, topic.replication or -1, config=topic.config)
                futures = self._admin.create_topics([new], operation_timeout=_SECONDS)
            case Grow(name, partitions):
                futures = self._admin.create_partitions([NewPartitions(name, partitions)], operation_timeout=_SECONDS)
            case Configure(name, config):
                entries = [
                    ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
                    for key, value in config.items()
                ]
                resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=entries)
                futures = self._admin.incremental_alter_configs([resource], request_timeout=_SECONDS)
        for future in futures.values():
            try:
                future.result(_SECONDS)
            except KafkaException as error:  # made a moment ago, and not in the metadata of every broker yet
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise

    def _guarded(self, call: Any) -> Any:
        try:
            return call()
        except (KafkaException, TimeoutError) as error:
            raise KafkaUnreachable(f"Kafka at {self._bootstrap}: {error}") from error
