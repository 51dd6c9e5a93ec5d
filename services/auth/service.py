"""What the doors of the auth service share: issuer, providers, database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.auth.issuing import Issuer
from services.auth.providers.client import ProviderClient
from services.auth.settings import AuthSettings
from services.kit.database import Pool


@dataclass(frozen=True)
class Service:
    settings: AuthSettings
    issuer: Issuer
    pool: Pool
    providers: Mapping[str, ProviderClient]
