"""Environment of the recommend service."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from services.kit.settings import ServiceSettings


class RecommendSettings(ServiceSettings):
    """EMBEDDING_MODEL_DIR holds model.onnx and tokenizer.json of all-MiniLM-L6-v2; the image brings them."""

    redis_url: str
    webhook_secret: SecretStr
    embedding_model_dir: Path
    timeseries_url: SecretStr
    """Address of the time-series store, with its password: what became of a push is written there."""
    language: str = "en"
    push_seconds: int = 900
    """How long a push is worth showing: a calm that comes later is no answer any more."""
    confirm_seconds: int = 60
    """After a push expired, the app's word that it was shown in time may still be on its way for so long."""
    heard_seconds: int = 86_400
    """What was offered within this time is not offered again."""
