"""Environment of the ingest service."""

from __future__ import annotations

import resource

from contracts.connections import KafkaVariables
from contracts.platform import TOPIC_RAW
from services.kit.settings import TokenSettings

SPARE_FILES = 200
"""Descriptors reserved for Kafka, Redis, logs and connections being refused."""


class IngestSettings(TokenSettings, KafkaVariables):  # pyright: ignore[reportIncompatibleVariableOverride]
    """KAFKA_BOOTSTRAP and REDIS_URL are required; the rest are limits with defaults that fit one CPU core."""

    redis_url: str
    topic: str = TOPIC_RAW
    pack_seconds: float = 0.02
    """How long frames of one partition are batched into one record."""
    backlog_bytes: int = 32 << 20
    """Frames read but not yet in Kafka; from here on no connection is read until half of them are stored."""
    max_connections: int = 0
    """Connections of this process; 0 means as many as its open-file limit allows."""
    connections_a_user: int = 8
    frames_a_second: float = 50.0
    """Of a user over all their connections; pings, pongs and short fragments count as frames."""
    frames_at_once: int = 2_000
    """Burst size: a wearable that was offline for a day sends a few hundred long frames when it reconnects."""
    silence_seconds: float = 300.0
    """Idle timeout: a connection that sent nothing for this long is closed."""

    def connection_limit(self) -> int:
        return self.max_connections or resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE_FILES
