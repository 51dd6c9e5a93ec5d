"""Environment of the history service."""

from __future__ import annotations

from contracts.connections import KafkaVariables, TimeseriesVariables
from services.kit.settings import TokenSettings


class HistorySettings(  # pyright: ignore[reportIncompatibleVariableOverride]
    TokenSettings, TimeseriesVariables, KafkaVariables
):
    pool_size: int = 4
