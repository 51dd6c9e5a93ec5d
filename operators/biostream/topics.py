"""From the topics that are declared and those that are there to what has to be done. Pure.

Nothing here ever takes data away: partitions only grow, and a topic that is no longer declared stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from contracts.biostream import BioStreamSpec
from contracts.durations import milliseconds
from contracts.records import DEAD_LETTER_BYTES
from operators.adapters.kafka.topics import Configure, Create, Found, Grow, Topic, TopicChange
from operators.kubernetes.conditions import Finding, broken, good

TOPICS = "TopicsReady"


def wanted(spec: BioStreamSpec) -> list[Topic]:
    """Raw beats, stress events, and the records nobody could read."""
    source, events, dead = spec.source, spec.events, spec.dead_letter
    return [
        Topic(source.topic, source.partitions, source.replication, milliseconds(source.retention)),
        Topic(events.topic, events.partitions, events.replication, milliseconds(events.retention)),
        Topic(dead.topic, 1, dead.replication, milliseconds(dead.retention), DEAD_LETTER_BYTES),
    ]


def decide(topics: Iterable[Topic], found: Mapping[str, Found], brokers: int) -> list[TopicChange] | Finding:
    """What is to be done, or why it can't be: then nothing is done, not even the part that could be."""
    actions: list[TopicChange] = []
    for topic in topics:
        there = found.get(topic.name)
        if there is None:
            if (topic.replication or 1) > brokers:
                message = f"topic {topic.name} wants {topic.replication} replicas, but there are {brokers} brokers"
                return broken(TOPICS, "TooFewBrokers", message)
            actions.append(Create(topic))
            continue
        if there.partitions > topic.partitions:
            message = f"topic {topic.name} has {there.partitions} partitions, {topic.partitions} are declared"
            return broken(TOPICS, "PartitionsCannotShrink", f"{message}; Kafka gives none up")
        if topic.replication is not None and there.replication != topic.replication:
            message = f"topic {topic.name} has {there.replication} replicas, {topic.replication} are declared"
            return broken(TOPICS, "ReplicationDiffers", f"{message}; reassign its partitions by hand")
        if there.partitions < topic.partitions:
            actions.append(Grow(topic.name, topic.partitions))
        changed = {key: value for key, value in topic.config.items() if there.config.get(key) != value}
        if changed:
            actions.append(Configure(topic.name, changed))
    return actions


def ready(topics: list[Topic]) -> Finding:
    return good(TOPICS, "AsDeclared", ", ".join(f"{topic.name} ({topic.partitions})" for topic in topics))
