"""Environment of the recorder."""

from __future__ import annotations

from pydantic import SecretStr

from contracts.connections import KafkaVariables
from services.kit.settings import ServiceSettings


class RecorderSettings(ServiceSettings, KafkaVariables):  # pyright: ignore[reportIncompatibleVariableOverride]
    """Without WITNESS_BUCKET there is no other region, and nothing is recorded."""

    aws_region: str
    aws_endpoint_url: str = ""
    witness_bucket: str = ""
    witness_region: str = ""
    replicator: str = ""
    monitor_urls: dict[str, SecretStr]
    redis_url: SecretStr
    sample_seconds: float = 5.0
