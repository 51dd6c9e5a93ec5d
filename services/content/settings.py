"""Environment of the content service."""

from __future__ import annotations

from pydantic import SecretStr

from contracts.connections import DatabaseVariables, KafkaVariables
from services.kit.settings import TokenSettings


class ContentSettings(  # pyright: ignore[reportIncompatibleVariableOverride]
    TokenSettings, DatabaseVariables, KafkaVariables
):
    """DATABASE_URL, KAFKA_BOOTSTRAP and what begins with MEDIA_ are required."""

    media_bucket: str
    media_url: str
    media_key_id: str
    media_key: SecretStr
    aws_region: str = ""
    aws_endpoint_url: str = ""
    opensearch_url: SecretStr = SecretStr("")
    """With its user and password; without it search answers 503."""
    playback_hours: int = 4
    """How long a signed URL is good: somebody who falls asleep over a recording may go on with it."""
    pool_size: int = 8
