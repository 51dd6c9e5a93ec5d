"""The changes that bring existing topics to the desired ones. Pure.

Partitions are only added, and a topic that is no longer declared stays. A topic that no stream made, and no annotation
hands over, is somebody else's: if it is as declared it is used, and it is never altered or deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from contracts.biostream import BioStreamSpec
from contracts.durations import milliseconds
from contracts.records import DEAD_LETTER_BYTES
from contracts.resource import GROUP
from operators.adapters.kafka.errors import collision
from operators.adapters.kafka.topics import (
    AlterConfigs,
    CreatePartitions,
    CreateTopic,
    KafkaState,
    Topic,
    TopicChange,
    TopicDescription,
)
from operators.kubernetes.conditions import Finding, broken, good

TOPICS_READY = "TopicsReady"
ADOPT = f"{GROUP}/adopt-topics"
"""Annotation: names of existing topics, with commas between them, that become this stream's."""


def desired_topics(spec: BioStreamSpec) -> list[Topic]:
    """Raw beats, stress events, and dead letters."""
    source, events, dead = spec.source, spec.events, spec.dead_letter
    return [
        Topic(source.topic, source.partitions, source.replication, milliseconds(source.retention)),
        Topic(events.topic, events.partitions, events.replication, milliseconds(events.retention)),
        Topic(dead.topic, 1, dead.replication, milliseconds(dead.retention), DEAD_LETTER_BYTES),
    ]


def decide(topics: Sequence[Topic], kafka: KafkaState, owned: Collection[str]) -> list[TopicChange] | Finding:
    """All changes, or a finding if any of them is impossible: then none is made. `owned` are topics of streams."""
    changes: list[TopicChange] = []
    if pair := collision({topic.name for topic in topics}, set(kafka.names)):
        message = f"topics {pair[0]} and {pair[1]} differ by '.' and '_' only, which Kafka refuses; nothing was changed"
        return broken(TOPICS_READY, "TopicCollision", message)
    for topic in topics:
        current = kafka.topics.get(topic.name)
        if current is None:
            if (topic.replication or 1) > kafka.brokers:
                counts = f"{topic.replication} replicas, but Kafka has {kafka.brokers} brokers"
                message = f"topic {topic.name} declares {counts}"
                return broken(TOPICS_READY, "TooFewBrokers", message)
            changes.append(CreateTopic(topic))
            continue
        if topic.name not in owned and (found := _difference(topic, current)):
            message = f"topic {topic.name} exists, no BioStream made it, and {found}; nothing was changed."
            remedy = f"Declare what it has, or another topic, or hand it over by the annotation {ADOPT}: {topic.name}"
            return broken(TOPICS_READY, "NameConflict", f"{message} {remedy}")
        if current.partitions > topic.partitions:
            message = f"topic {topic.name} has {current.partitions} partitions, {topic.partitions} are declared"
            return broken(TOPICS_READY, "PartitionsCannotShrink", f"{message}; Kafka cannot remove partitions")
        if topic.replication is not None and current.replication != topic.replication:
            message = f"topic {topic.name} has {current.replication} replicas, {topic.replication} are declared"
            return broken(TOPICS_READY, "ReplicationDiffers", f"{message}; reassign its partitions by hand")
        if current.partitions < topic.partitions:
            changes.append(CreatePartitions(topic.name, topic.partitions))
        changed = {key: value for key, value in topic.config.items() if current.config.get(key) != value}
        if changed:
            changes.append(AlterConfigs(topic.name, changed))
    return changes


def _difference(topic: Topic, current: TopicDescription) -> str:
    """What a topic has that is not declared; "" if it is as declared."""
    has = {"partitions": str(current.partitions), **current.config}
    declared = {"partitions": str(topic.partitions), **topic.config}
    if topic.replication is not None:
        has["replication"], declared["replication"] = str(current.replication), str(topic.replication)
    differing = (key for key in declared if has.get(key) != declared[key])
    return next((f"its {key} is {has.get(key)}, {declared[key]} is declared" for key in differing), "")


def ready(topics: list[Topic], owned: Collection[str]) -> Finding:
    message = ", ".join(f"{topic.name} ({topic.partitions})" for topic in topics)
    others = [topic.name for topic in topics if topic.name not in owned]
    if others:
        message += f"; no BioStream made {', '.join(others)}: used as it is, never altered, and kept on deletion"
    return good(TOPICS_READY, "AsDeclared", message)
