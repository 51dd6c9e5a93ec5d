"""How far the topics of a Kafka cluster are, and how far the replicator that writes to it is behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from confluent_kafka import TopicPartition
from confluent_kafka.admin import OffsetSpec  # pyright: ignore[reportPrivateImportUsage]

from contracts.lasting_admin import LastingAdmin

_SECONDS = 5


class Topics:
    """One client: its connections stay open between samples."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._admin = LastingAdmin(settings)

    def ends(self, topics: Sequence[str]) -> dict[str, dict[str, int]]:
        """Topic -> partition -> end offset, of those topics that exist. Raises KafkaException without an answer."""
        with self._admin.asking() as admin:
            known = admin.list_topics(timeout=_SECONDS).topics
            asked = [
                TopicPartition(name, number) for name in topics if name in known for number in known[name].partitions
            ]
            if not asked:
                return {}
            latest: dict[TopicPartition, OffsetSpec] = dict.fromkeys(asked, OffsetSpec.latest())  # pyright: ignore[reportAssignmentType]
            answers = admin.list_offsets(latest, request_timeout=_SECONDS)
            found: dict[str, dict[str, int]] = {}
            for partition, answer in answers.items():
                found.setdefault(partition.topic, {})[str(partition.partition)] = answer.result().offset
            return found


def lags(cloudwatch: Any, replicator: str, topics: Sequence[str], now: datetime) -> dict[str, tuple[int, float]]:
    """Topic -> records of the other region that are not here (MSK Replicator's MessageLag), and when (Unix seconds)
    that was so. AWS measures once a minute. Raises botocore's errors."""
    found: dict[str, tuple[int, float]] = {}
    for topic in topics:
        answer = cloudwatch.get_metric_statistics(
            Namespace="AWS/Kafka",
            MetricName="MessageLag",
            Dimensions=[{"Name": "ReplicatorName", "Value": replicator}, {"Name": "Topic", "Value": topic}],
            StartTime=now - timedelta(minutes=10),
            EndTime=now + timedelta(minutes=1),
            Period=60,
            Statistics=["Maximum"],
        )
        points = sorted(answer["Datapoints"], key=lambda one: one["Timestamp"])
        if points:
            found[topic] = int(points[-1]["Maximum"]), points[-1]["Timestamp"].astimezone(UTC).timestamp()
    return found
