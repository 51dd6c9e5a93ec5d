"""Environment of the ingest service."""

from __future__ import annotations

import resource

from contracts.platform import TOPIC_RAW
from services.kit.settings import TokenSettings

SPARE_FILES = 200
"""Descriptors kept for Kafka, Redis, logs and the sockets that are being refused."""


class IngestSettings(TokenSettings):
    """KAFKA_BOOTSTRAP and REDIS_URL are required; the rest are limits with defaults that fit one CPU core."""

    kafka_bootstrap: str
    redis_url: str
    topic: str = TOPIC_RAW
    pack_seconds: float = 0.02
    """How long frames of one partition are gathered into one record."""
    backlog_bytes: int = 32 << 20
    """Frames read but not yet in Kafka; beyond this no socket is read until half of them are."""
    max_connections: int = 0
    """Sockets that this process holds; 0 stands for as many as its open-file limit allows."""
    connections_a_user: int = 8
    frames_a_second: float = 50.0
    """Of a user, over all their sockets; pings, pongs and short parts of a message count as frames."""
    frames_at_once: int = 2_000
    """A wearable that was out of reach for a day sends a few hundred long frames when it comes back."""
    silence_seconds: float = 300.0
    """A socket that sent nothing for so long is closed: its wearable is gone, or has nothing to say."""

    def connection_limit(self) -> int:
        return self.max_connections or resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE_FILES
