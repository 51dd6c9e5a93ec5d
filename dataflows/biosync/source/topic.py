"""A topic as Kafka knows it: whether it is there, and whether it is still the same one."""

from __future__ import annotations

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient

_SECONDS = 5.0


class TopicNotReady(RuntimeError):
    """Kafka says that the topic is not there, or not yet with all its partitions."""


class Topic:
    """The topic `name`, of which `partitions` are wanted."""

    def __init__(self, bootstrap: str, name: str, partitions: int) -> None:
        self.bootstrap = bootstrap
        self.name = name
        self._partitions = partitions
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "reconnect.backoff.max.ms": 1000})

    def id(self) -> str:
        """Kafka's id of it (KIP-516): a topic that is deleted and made again has another.

        Raises Absent, and KafkaException when Kafka does not say.
        """
        try:
            asked = self._admin.describe_topics(TopicCollection([self.name]), request_timeout=_SECONDS)
            found = asked[self.name].result()
        except KafkaException as error:
            if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise TopicNotReady(f"there is no topic {self.name}") from error
            raise
        if len(found.partitions) < self._partitions:
            raise TopicNotReady(f"topic {self.name} has {len(found.partitions)} of {self._partitions} partitions")
        return str(found.topic_id)
