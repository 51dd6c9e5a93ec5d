"""Settings from the environment common to all services; each service subclasses them."""

from __future__ import annotations

from pydantic_settings import BaseSettings, SettingsConfigDict

from contracts.platform import TOKEN_AUDIENCE

DEFAULT_ISSUER = "https://auth.aurawellness.com"
JWKS_PATH = "/.well-known/jwks.json"


class ServiceSettings(BaseSettings):
    """Environment variables of every service. `host` is the Pod's address: many Pods may share one machine."""

    model_config = SettingsConfigDict(env_file=None, extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    port: int = 8080
    pod_name: str = ""
    log_level: str = "INFO"
    drain_seconds: int = 20
    """Time for open connections to end after SIGTERM; less than the Pod's terminationGracePeriodSeconds."""


class GateSettings(BaseSettings):
    """Of a stack with a passive region: its witness, and where the region's state is asked for."""

    model_config = SettingsConfigDict(env_file=None, extra="ignore", frozen=True)

    witness_bucket: str = ""
    region_url: str = ""


class TokenSettings(ServiceSettings):
    """For a service that verifies access tokens with keys from JWKS_URL, or else from the Service `auth`."""

    token_issuer: str = DEFAULT_ISSUER
    token_audience: str = TOKEN_AUDIENCE
    jwks_url: str = ""
    auth_service_host: str = ""
    auth_service_port: int = 8080

    def keys_url(self) -> str:
        """URL of the JWKS document; raises ValueError if the environment has neither it nor `auth`."""
        if self.jwks_url:
            return self.jwks_url
        if self.auth_service_host:
            return f"http://{self.auth_service_host}:{self.auth_service_port}{JWKS_PATH}"
        raise ValueError("no keys to verify tokens with: set JWKS_URL, or add `auth` to the AuraService's `needs`")
