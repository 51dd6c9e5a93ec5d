"""What the history service answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from services.history.span import Resolution


class Window(BaseModel):
    """Means over one minute, hour or day from `start`; a measure is null where too few beats were usable.

    Heart rate in beats a minute, RMSSD and SDNN in ms, pNN50 and quality as shares from 0 to 1.
    """

    start: datetime
    hr: float | None
    rmssd: float | None
    sdnn: float | None
    pnn50: float | None
    quality: float | None


class Event(BaseModel):
    """A stress event with the evidence for it; `responded_at` is null while no calm has been offered."""

    event_id: str
    raised_at: datetime
    evidence: dict[str, Any]
    responded_at: datetime | None


class History(BaseModel):
    user: str
    resolution: Resolution
    windows: list[Window]
    events: list[Event]
