"""Settings of the operators, from environment variables."""

from __future__ import annotations

from pydantic_settings import BaseSettings

from contracts.platform import NAMESPACE


class Settings(BaseSettings):
    """HOST and PORT serve health and metrics; resources are reconciled in WATCH_NAMESPACE only."""

    host: str = "127.0.0.1"
    port: int = 8080
    pod_name: str = "operators"
    log_level: str = "INFO"
    watch_namespace: str = NAMESPACE
    aws_region: str = "us-west-2"
    aws_endpoint_url: str = ""
    secrets_prefix: str
    """Of the stack's secrets in Secrets Manager; custom resources name them without it."""
    aws_container_credentials_full_uri: str = ""
    """Given by EKS Pod Identity: then other Pods with a role are given credentials in the same way."""
    ca_file: str = ""
    """Authorities that certify databases and brokers, in PEM. Without it those of the system certify brokers, and
    databases are not verified."""
    resync_seconds: float = 60.0
    """How often a resource is reconciled without an event; a rotated secret is noticed after this time at most."""
