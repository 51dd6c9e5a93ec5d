"""What editors send and apps get. Unknown fields are refused: nobody sets what is not theirs to set."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.kit.text import Line, Note

MAX_ID = (1 << 53) - 1
"""Whole numbers above it are not exact in JavaScript."""

ItemId = Annotated[int, Field(ge=1, le=MAX_ID)]
Locale = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Word = Annotated[Line, Field(min_length=1, max_length=40)]


class Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Kind(StrEnum):
    MEDITATION = "meditation"
    SLEEP_STORY = "sleep story"
    MUSIC = "music"
    SOUND = "sound"
    BREATHING = "breathing"
    GROUNDING = "grounding"
    GUIDED = "guided"
    IMAGERY = "imagery"
    BODY = "body"
    MOVEMENT = "movement"
    FOCUS = "focus"
    SLEEP = "sleep"
    JOURNAL = "journal"
    COURSE = "course"


class State(StrEnum):
    """A draft was never published; what is withdrawn was."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Draft(Sent):
    """What an item says. One that is translated is several items, one a locale, of the same `work`."""

    kind: Kind
    locale: Locale
    work: Slug
    title: Annotated[Line, Field(min_length=1, max_length=120)]
    description: Annotated[Note, Field(max_length=2_000)] = ""
    seconds: Annotated[int, Field(ge=1, le=8 * 3600)]
    tags: Annotated[list[Word], Field(max_length=12)] = []
    teacher: Annotated[Line, Field(max_length=80)] = ""
    entitlement: Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9-]{0,39})?$")] = ""
    """What its listener needs, such as `premium`: a role of their access token. "": nothing."""


class Item(BaseModel):
    """An item of the catalogue."""

    id: int
    kind: Kind
    locale: str
    work: str
    title: str
    description: str
    seconds: int
    tags: list[str]
    teacher: str
    entitlement: str


class Items(BaseModel):
    """Newest first; `next` is the `cursor` of the next page, null on the last one."""

    items: list[Item]
    next: str | None


class Media(BaseModel):
    """A recording: `key` of its object in the bucket, `sha256` in hexadecimal."""

    key: str
    content_type: str
    bytes: int
    sha256: str


class EditedItem(Item):
    """An item as its editors see it."""

    version: int
    state: State
    media: Media | None
    created_at: datetime
    updated_at: datetime


class EditedItems(BaseModel):
    items: list[EditedItem]
    next: str | None


class Decision(Sent):
    """Whether apps see an item."""

    state: Annotated[State, Field(description="published or withdrawn")]
