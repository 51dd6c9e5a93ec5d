"""Environment of the content service."""

from __future__ import annotations

from pydantic import SecretStr

from contracts.connections import DatabaseVariables, KafkaVariables, OpenSearchVariables
from services.kit.settings import TokenSettings


class ContentSettings(  # pyright: ignore[reportIncompatibleVariableOverride]
    TokenSettings, DatabaseVariables, KafkaVariables, OpenSearchVariables
):
    """DATABASE_URL, KAFKA_BOOTSTRAP and what begins with MEDIA_ are required. Without OPENSEARCH_URL search
    answers 503.
    """

    media_bucket: str
    media_url: str
    media_key_id: str
    media_key: SecretStr
    aws_region: str = ""
    aws_endpoint_url: str = ""
    playback_hours: int = 4
    """How long a signed URL is good: somebody who falls asleep over a recording may go on with it."""
    pool_size: int = 8
