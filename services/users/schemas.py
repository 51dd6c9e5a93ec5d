"""What people send and get. Unknown fields are refused: nobody sets what is not theirs to set."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from services.kit.sample import sample
from services.kit.text import Line, Note
from services.kit.zones import UnknownZone, parse_zone


def _known_zone(name: str) -> str:
    try:
        return parse_zone(name).key
    except UnknownZone as error:
        raise PydanticCustomError("zone", "{sentence}", {"sentence": str(error)}) from None


Zone = Annotated[Line, AfterValidator(_known_zone)]
Word = Annotated[Line, Field(min_length=1, max_length=40)]
Words = Annotated[list[Word], Field(max_length=8)]


class Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Profile(Sent):
    """`zone` is where the person's days begin and end."""

    model_config = sample(display_name="Ada", zone="Europe/London")
    display_name: Annotated[Line, Field(min_length=1, max_length=80)] | None = None
    zone: Zone = "UTC"


class Settings(Sent):
    """Of the apps on all devices of a person; only they read them."""

    model_config = sample(reminder_at="07:30", sound=True, haptics=False)
    reminder_at: Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] | None = None
    """Of the daily check-in, in the person's zone."""
    sound: bool = True
    haptics: bool = True


class Preferences(Sent):
    """Which calming sessions suit the person: contracts/preferences.py, whose `timezone` is the profile's `zone`."""

    model_config = sample(language="en", longest_minutes=10, kinds=["breathing"], voices=[])
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] | None = None
    longest_minutes: Annotated[int, Field(ge=1, le=120)] | None = None
    kinds: Words = []
    voices: Words = []


class Purpose(StrEnum):
    """What a person may consent to."""

    HEALTH_DATA = "health-data"
    RESEARCH = "research"
    MARKETING = "marketing"


class Decision(Sent):
    """`policy` is the version of the text that the person saw."""

    model_config = sample(granted=True, policy="2026-03")
    granted: bool
    policy: Annotated[Line, Field(min_length=1, max_length=40)]


class Consent(BaseModel):
    purpose: Purpose
    granted: bool
    policy: str
    at: datetime


class Mood(Sent):
    """A check-in: how the person feels, from 1 (bad) to 5, and why, if they want to say it."""

    model_config = sample(mood=4, note="slept well")
    mood: Annotated[int, Field(ge=1, le=5)] | None = None
    note: Note | None = None


class CheckIn(BaseModel):
    day: date
    at: datetime
    zone: str
    mood: int | None
    note: str | None


class CheckIns(BaseModel):
    """Newest first; `next` is the `cursor` of the next page, null on the last one."""

    check_ins: list[CheckIn]
    next: str | None


class Session(Sent):
    """A session that the person has finished."""

    model_config = sample(content_id="42", seconds=600)
    content_id: Annotated[Line, Field(min_length=1, max_length=80)]
    seconds: Annotated[int, Field(ge=30, le=4 * 3600)]


class StreakNow(BaseModel):
    """`length` days in a row; `freezes` days may be missed without an end."""

    length: int
    longest: int
    freezes: int


class CheckedIn(BaseModel):
    """`first`: whether the day counted by this check-in; a later one replaces mood and note."""

    day: date
    first: bool
    streak: StreakNow


class Launch(BaseModel):
    """What an app shows first."""

    user: str
    display_name: str | None
    zone: str
    day: date
    """The person's today."""
    day_ends_at: datetime
    checked_in: bool
    streak: StreakNow
    points: int
    level: int
    next_level_at: int
    badges: list[str]


class Reward(BaseModel):
    event_id: str
    kind: str
    points: int
    at: datetime


class Rewards(BaseModel):
    """Newest first; `next` is the `cursor` of the next page, null on the last one."""

    rewards: list[Reward]
    next: str | None


class Deletion(BaseModel):
    """`deleted_at` is when the account ended here; docs/users.md says what other services erase, and by when."""

    deleted_at: datetime
    erased_everywhere_by: datetime


class Accepted(BaseModel):
    """An event that was stored; its points are there once it has been counted."""

    event_id: str
    status: Literal["stored"] = "stored"
