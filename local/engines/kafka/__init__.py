"""Apache Kafka in KRaft mode: the engine of an MSK cluster."""

from local.engines.kafka.cluster import Kafka
from local.engines.kafka.settings import Listeners

__all__ = ["Kafka", "Listeners"]
