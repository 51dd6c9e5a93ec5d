"""Request and response schemas of the history service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from contracts.webhook import USEFUL_SECONDS
from services.history.pagination import DEFAULT_LIMIT, MAX_LIMIT
from services.history.time_range import UTC_NAME, Resolution, parse_time
from services.kit.zones import parse_zone

T = TypeVar("T")


def _parsed(parse: Callable[[str], T]) -> BeforeValidator:
    """A validator whose errors are the sentences of `parse`."""

    def validate(text: object) -> object:
        try:
            return parse(text) if isinstance(text, str) else text
        except ValueError as error:
            raise PydanticCustomError("invalid", "{sentence}", {"sentence": str(error)}) from None

    return BeforeValidator(validate)


Time = Annotated[datetime, _parsed(parse_time)]


class HistoryQuery(BaseModel):
    """Query parameters. The token determines the user: no parameter does, and unknown parameters are rejected."""

    model_config = ConfigDict(extra="forbid")

    resolution: Resolution = Resolution.MINUTE
    zone: Annotated[ZoneInfo, _parsed(parse_zone)] = ZoneInfo(UTC_NAME)
    """Of the days and hours, and of times without an offset."""
    start: Time | None = Field(default=None, alias="from")
    end: Time | None = Field(default=None, alias="to")
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    cursor: str | None = None
    """`next` of the page before."""


class Window(BaseModel):
    """Means over one minute, hour or day from `start`; a measure is null if too few beats were usable.

    Heart rate in beats per minute, RMSSD and SDNN in ms, pNN50 in per cent, quality as a share from 0 to 1; `dropped`
    is the number of beats that were not used, null for hours and days. docs/history.md has the table.
    """

    start: datetime
    hr: float | None
    rmssd: float | None
    sdnn: float | None
    pnn50: float | None
    quality: float | None
    dropped: int | None = None

    def in_zone(self, zone: ZoneInfo) -> Window:
        """The same window, its start with the offset of the zone."""
        return self.model_copy(update={"start": self.start.astimezone(zone)})


class Outcome(StrEnum):
    """Outcome of an event: not answered yet, not answered in time, answered, and then seen or missed."""

    PENDING = "pending"
    UNANSWERED = "unanswered"
    ANSWERED = "answered"
    SEEN = "seen"
    MISSED = "missed"


@dataclass(frozen=True)
class StoredEvent:
    """A row of the events table."""

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
    """A stress event with its evidence and outcome; times are null for what has not happened.

    It was answered at `responded_at`; the user saw the push at `seen_at`, or it expired unseen at `missed_at`.
    """

    event_id: str
    raised_at: datetime
    evidence: dict[str, Any]
    outcome: Outcome
    responded_at: datetime | None
    seen_at: datetime | None
    missed_at: datetime | None


class History(BaseModel):
    """Windows that start, and events that were raised, in the requested time range, oldest first.

    `zone` is the one whose days and hours these are. `next` is the `cursor` of the next page, null on the last one.
    """

    user: str
    resolution: Resolution
    zone: str
    windows: list[Window]
    events: list[Event]
    next: str | None
