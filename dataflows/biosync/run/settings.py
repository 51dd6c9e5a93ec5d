"""The settings of a dataflow's Pod, from its environment."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr
from pydantic_settings import BaseSettings

from contracts.biostream import BioStreamSpec
from contracts.connections import KafkaVariables, TimeseriesVariables
from contracts.durations import delta
from dataflows.biosync.signal.rules import Rules
from dataflows.biosync.signal.spec import rules_from_spec

GRACE_SECONDS = 12.0
"""Grace period of a stop. After it the process exits as if killed, which only means that a second is computed again."""


class StreamSettings(BaseSettings, KafkaVariables, TimeseriesVariables):  # pyright: ignore[reportIncompatibleVariableOverride]
    """The environment variables of each Pod of a stream; validation names a missing or invalid one."""

    biostream_spec: BioStreamSpec
    biostream_name: str = "biosync"
    host: str = "127.0.0.1"
    port: int = 8080
    pod_name: str = ""
    log_level: str = "INFO"
    state_prefix: str = "biosync"
    """Of the keys of the snapshots, and of the name of the workers' consumer group: it belongs to this stream alone."""
    aws_region: str = ""

    @property
    def rules(self) -> Rules:
        return rules_from_spec(self.biostream_spec)


class Settings(StreamSettings):
    """Those of a worker."""

    response_url: str
    webhook_secret: SecretStr
    state_dir: Path
    state_bucket: str = ""
    """The bucket of the snapshots; without it the state is on the local disk alone, and lost with it."""
    commit_seconds: float = 1.0
    """Seconds between writes to the local log. After a crash this much is computed again; a push is not sent again."""
    snapshot_seconds: float = 60.0
    """Seconds between snapshots in S3. Without the local log this much is computed again."""

    @property
    def group(self) -> str:
        """The consumer group of the stream's workers."""
        return f"{self.state_prefix.strip('/').replace('/', '.')}-workers"

    @property
    def chunk(self) -> timedelta:
        return delta(self.biostream_spec.sink.chunk)

    @property
    def webhook(self) -> str:
        """The URL of the webhook; when RESPONSE_URL has no path, the BioStream's is used."""
        if urlsplit(self.response_url).path.strip("/"):
            return self.response_url
        return self.response_url.rstrip("/") + self.biostream_spec.response.path


class CandidateSettings(StreamSettings):
    """Those of a candidate, which has nothing that it could write with."""

    state_bucket: str
    compare_tolerance: float = 0.0
    """The largest share by which a measure may differ."""
    compare_key: str = ""
    """What the operator calls this comparison."""
