"""Environment of the content service."""

from __future__ import annotations

from contracts.connections import DatabaseVariables, KafkaVariables
from services.kit.settings import TokenSettings


class ContentSettings(  # pyright: ignore[reportIncompatibleVariableOverride]
    TokenSettings, DatabaseVariables, KafkaVariables
):
    """DATABASE_URL and KAFKA_BOOTSTRAP are required."""

    pool_size: int = 8
