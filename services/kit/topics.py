"""Topics of a service: made before its Pods start, since brokers make none by themselves."""

from __future__ import annotations

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from contracts.connections import KafkaClient

TIMEOUT_SECONDS = 30.0


def ensure_topic(kafka: KafkaClient, name: str, *, partitions: int, retention_ms: int | None) -> None:
    """Makes the topic with the cluster's number of replicas unless it exists; raises KafkaException.

    Without `retention_ms` it is compacted: the last record of each key is kept for good.
    """
    kept = {"cleanup.policy": "compact"} if retention_ms is None else {"retention.ms": str(retention_ms)}
    topic = NewTopic(name, partitions, -1, config=kept)
    admin = AdminClient(dict(kafka))  # kept until the answer: without it the request is given up
    try:
        admin.create_topics([topic], request_timeout=TIMEOUT_SECONDS)[name].result()
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise
