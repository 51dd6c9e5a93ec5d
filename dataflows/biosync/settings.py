"""What a dataflow's Pod is told through its environment."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr
from pydantic_settings import BaseSettings

from contracts.biostream import BioStreamSpec
from contracts.durations import delta, milliseconds
from dataflows.biosync.rules import THRESHOLDS, CleanseRules, HrvRules, Rules, StressRules


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
        spec = self.biostream_spec
        stress = spec.stress
        drop = stress.hrv_drop.value
        return Rules(
            cleanse=CleanseRules(
                min_rr=milliseconds(spec.cleanse.min_rr),
                max_rr=milliseconds(spec.cleanse.max_rr),
                max_step=spec.cleanse.max_step,
            ),
            hrv=HrvRules(window=milliseconds(spec.hrv.window), every=milliseconds(spec.hrv.every)),
            stress=StressRules(
                hrv_drop=drop,
                threshold=THRESHOLDS[drop] if stress.threshold is None else stress.threshold,
                heart_rate_rise=stress.heart_rate_rise or 0.0,
                sustain=milliseconds(stress.sustain),
                refractory=milliseconds(stress.refractory),
            ),
        )

    @property
    def chunk(self) -> timedelta:
        return delta(self.biostream_spec.sink.chunk)

    @property
    def webhook(self) -> str:
        """The URL that events are sent to; RESPONSE_URL may leave the path to the BioStream."""
        if urlsplit(self.response_url).path.strip("/"):
            return self.response_url
        return self.response_url.rstrip("/") + self.biostream_spec.response.path
