"""Environment of the history service."""

from __future__ import annotations

from pydantic import SecretStr

from services.kit.settings import TokenSettings


class HistorySettings(TokenSettings):
    """TIMESERIES_URL is the address of the time-series store, with its password."""

    timeseries_url: SecretStr
    pool_size: int = 4
