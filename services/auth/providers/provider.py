"""The providers, and what the stack says of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class ProviderName(StrEnum):
    GOOGLE = "google"
    APPLE = "apple"


@dataclass(frozen=True)
class Provider:
    """A provider at which the service is registered as `client_id`.

    `secret` makes the client secret for a request at that time (Unix seconds). `response_mode` is how the provider
    brings the browser back: "" by its default, a GET, or form_post.
    """

    name: ProviderName
    issuer: str
    client_id: str
    secret: Callable[[float], str] = field(repr=False)
    scope: str = "openid email"
    response_mode: str = ""
