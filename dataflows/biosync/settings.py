"""What a dataflow's Pod is told through its environment."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr
from pydantic_settings import BaseSettings

from contracts.biostream import BioStreamSpec
from contracts.durations import delta
from dataflows.biosync.declared import rules
from dataflows.biosync.rules import Rules


class Settings(BaseSettings):
    """The variables; a missing or wrong one ends the start with a message that names it."""

    biostream_spec: BioStreamSpec
    biostream_name: str = "biosync"
    kafka_bootstrap: str
    timeseries_url: SecretStr
    response_url: str
    webhook_secret: SecretStr
    state_dir: Path
    host: str = "127.0.0.1"
    port: int = 8080
    pod_name: str = ""
    log_level: str = "INFO"
    snapshot_seconds: float = 1.0
    """After a crash, as much is computed again; a push is not sent again."""

    @property
    def rules(self) -> Rules:
        return rules(self.biostream_spec)

    @property
    def chunk(self) -> timedelta:
        return delta(self.biostream_spec.sink.chunk)

    @property
    def webhook(self) -> str:
        """The URL that events are sent to; RESPONSE_URL may leave the path to the BioStream."""
        if urlsplit(self.response_url).path.strip("/"):
            return self.response_url
        return self.response_url.rstrip("/") + self.biostream_spec.response.path
