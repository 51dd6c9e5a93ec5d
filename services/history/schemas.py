"""What the history service is asked and answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from contracts.webhook import USEFUL_SECONDS
from services.history.pagination import MOST, USUAL
from services.history.time_range import Resolution


class Asked(BaseModel):
    """The query. Whose history it is, the token says: there is no parameter for it, and unknown ones are refused."""

    model_config = ConfigDict(extra="forbid")

    resolution: Resolution = Resolution.MINUTE
    start: datetime | None = Field(default=None, alias="from")
    end: datetime | None = Field(default=None, alias="to")
    limit: int = Field(default=USUAL, ge=1, le=MOST)


class Window(BaseModel):
    """Means over one minute, hour or day from `start`; a measure is null where too few beats were usable.

    Heart rate in beats a minute, RMSSD and SDNN in ms, pNN50 in per cent, quality as a share from 0 to 1.
    """

    start: datetime
    hr: float | None
    rmssd: float | None
    sdnn: float | None
    pnn50: float | None
    quality: float | None


class Outcome(StrEnum):
    """What became of an event: no answer yet, none in useful time, a calm offered and then seen or missed."""

    PENDING = "pending"
    UNANSWERED = "unanswered"
    ANSWERED = "answered"
    SEEN = "seen"
    MISSED = "missed"


@dataclass(frozen=True)
class StoredEvent:
    """A row of the events' table."""

    event_id: str
    raised_at: datetime
    received_at: datetime
    evidence: dict[str, Any]
    responded_at: datetime | None
    seen_at: datetime | None
    missed_at: datetime | None

    def outcome(self, now: datetime) -> Outcome:
        if self.seen_at:
            return Outcome.SEEN
        if self.missed_at:
            return Outcome.MISSED
        if self.responded_at:
            return Outcome.ANSWERED
        late = now - self.received_at > timedelta(seconds=USEFUL_SECONDS)
        return Outcome.UNANSWERED if late else Outcome.PENDING


class Event(BaseModel):
    """A stress event with the evidence for it and what became of it, each moment null unless it came.

    A calm was offered at `responded_at`; its wearer saw it at `seen_at`, or it expired unseen at `missed_at`.
    """

    event_id: str
    raised_at: datetime
    evidence: dict[str, Any]
    outcome: Outcome
    responded_at: datetime | None
    seen_at: datetime | None
    missed_at: datetime | None


class History(BaseModel):
    """Windows that start, and events that were raised, in the stretch asked for, oldest first.

    `next` is null when that is all, else the `from` to ask for what follows.
    """

    user: str
    resolution: Resolution
    windows: list[Window]
    events: list[Event]
    next: datetime | None
