"""Environment of the users service."""

from __future__ import annotations

from contracts.connections import DatabaseVariables, KafkaVariables
from services.kit.settings import TokenSettings


class UsersSettings(  # pyright: ignore[reportIncompatibleVariableOverride]
    TokenSettings, DatabaseVariables, KafkaVariables
):
    """DATABASE_URL, KAFKA_BOOTSTRAP and REDIS_URL are required."""

    redis_url: str
    pool_size: int = 8
