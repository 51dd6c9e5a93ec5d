"""Environment of the history service."""

from __future__ import annotations

from contracts.connections import TimeseriesVariables
from services.kit.settings import TokenSettings


class HistorySettings(TokenSettings, TimeseriesVariables):  # pyright: ignore[reportIncompatibleVariableOverride]
    pool_size: int = 4
