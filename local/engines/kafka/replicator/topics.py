"""The topics of the target: made, enlarged and set as those of the source are."""

from __future__ import annotations

from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource, ConfigSource
from confluent_kafka.admin._resource import ResourceType
from confluent_kafka.cimpl import KafkaError, NewPartitions, NewTopic

from local.engines.kafka.replicator.plan import Plan

SECONDS = 20.0
NOT_COPIED = frozenset(
    {
        *("follower.replication.throttled.replicas", "leader.replication.throttled.replicas", "min.insync.replicas"),
        *("message.timestamp.type", "unclean.leader.election.enable"),
    }
)
"""Settings that belong to a cluster or keep timestamps as they were."""


class Topics:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.source, self.target = AdminClient(plan.source), AdminClient(plan.target)
        self.made: set[str] = set()
        """Topics of the source that the target did not have until now."""

    def follow(self, known: set[str]) -> dict[str, int]:
        """Partitions of each topic that is copied; makes the target's equal. Without new topics, `known` ones only.

        Raises KafkaException.
        """
        wanted = {
            name: len(topic.partitions)
            for name, topic in self.source.list_topics(timeout=SECONDS).topics.items()
            if self.plan.copies(name) and topic.error is None and (self.plan.new_topics or not known or name in known)
        }
        there = {name: len(topic.partitions) for name, topic in self.target.list_topics(timeout=SECONDS).topics.items()}
        settings = self._settings(self.source, list(wanted))
        absent = {self.plan.renamed(topic): topic for topic in wanted if self.plan.renamed(topic) not in there}
        new = [NewTopic(name, wanted[topic], -1, config=settings.get(topic, {})) for name, topic in absent.items()]
        self.made = {
            absent[name] for name in _done(self.target.create_topics(new, request_timeout=SECONDS) if new else {})
        }
        small = [topic for topic in wanted if there.get(self.plan.renamed(topic), wanted[topic]) < wanted[topic]]
        grown = [NewPartitions(self.plan.renamed(topic), wanted[topic]) for topic in small]
        _done(self.target.create_partitions(grown, request_timeout=SECONDS) if grown else {})
        if self.plan.configurations:
            self._configure({topic: settings[topic] for topic in wanted if self.plan.renamed(topic) in there})
        return wanted

    def _configure(self, settings: dict[str, dict[str, str]]) -> None:
        now = self._settings(self.target, [self.plan.renamed(topic) for topic in settings])
        changes = []
        for topic, wanted in settings.items():
            name = self.plan.renamed(topic)
            entries = [
                ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
                for key, value in wanted.items()
                if now.get(name, {}).get(key) != value
            ] + [
                ConfigEntry(key, None, incremental_operation=AlterConfigOpType.DELETE)
                for key in now.get(name, {})
                if key not in wanted
            ]
            if entries:
                changes.append(ConfigResource(ResourceType.TOPIC, name, incremental_configs=entries))
        _done(self.target.incremental_alter_configs(changes, request_timeout=SECONDS) if changes else {})

    def _settings(self, client: AdminClient, topics: list[str]) -> dict[str, dict[str, str]]:
        """What is set of each topic itself, by its name."""
        if not topics or not self.plan.configurations:
            return {topic: {} for topic in topics}
        asked = [ConfigResource(ResourceType.TOPIC, topic) for topic in topics]
        return {
            resource.name: {
                entry.name: str(entry.value)
                for entry in answer.result(SECONDS).values()
                if entry.source == ConfigSource.DYNAMIC_TOPIC_CONFIG.value and entry.name not in NOT_COPIED
            }
            for resource, answer in client.describe_configs(asked, request_timeout=SECONDS).items()
        }


def _done(futures: dict[Any, Any]) -> set[Any]:
    """What was done; what somebody else has made meanwhile is not."""
    found = set()
    for key, future in futures.items():
        try:
            future.result(SECONDS)
            found.add(key)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
    return found
