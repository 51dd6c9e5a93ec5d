"""Environment of the recommend service."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from contracts.connections import KafkaVariables, TimeseriesVariables
from services.kit.settings import ServiceSettings


class RecommendSettings(  # pyright: ignore[reportIncompatibleVariableOverride]
    ServiceSettings, TimeseriesVariables, KafkaVariables
):
    """EMBEDDING_MODEL_DIR contains model.onnx and tokenizer.json of all-MiniLM-L6-v2, which the image includes."""

    redis_url: str
    webhook_secret: SecretStr
    embedding_model_dir: Path
    qdrant_url: str = ""
    """Of a Qdrant server; without it, Qdrant runs in the service's process."""
    language: str = "en"
    push_seconds: int = 900
    """Time until a push expires: later it does not help any more."""
    confirm_seconds: int = 60
    """Time after a push's expiry in which the app's confirmation may still arrive."""
    heard_seconds: int = 86_400
    """An item is not offered again within this time."""
