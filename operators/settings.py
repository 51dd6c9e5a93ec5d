"""Environment of the operators."""

from __future__ import annotations

from pydantic_settings import BaseSettings

from contracts.platform import NAMESPACE


class Settings(BaseSettings):
    """HOST and PORT serve health and metrics; WATCH_NAMESPACE is the only one in which resources are looked at."""

    host: str = "127.0.0.1"
    port: int = 8080
    pod_name: str = "operators"
    log_level: str = "INFO"
    watch_namespace: str = NAMESPACE
    aws_region: str = "us-west-2"
    aws_endpoint_url: str = ""
    resync_seconds: float = 60.0
    """How often a resource is looked at when nothing happens; a rotated secret is noticed after as long."""
