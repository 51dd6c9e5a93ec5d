"""What editors send and apps get. Unknown fields are refused: nobody sets what is not theirs to set."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.kit.sample import sample
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

    model_config = sample(kind="breathing", locale="en-GB", work="slow-breath", title="A slow breath", seconds=300)
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
    """A recording: `key` of its object in the bucket."""

    key: str
    content_type: str
    bytes: int


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

    model_config = sample(state="published")
    state: Annotated[State, Field(description="published or withdrawn")]


Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
MIN_PART, MAX_PART = 5 << 20, 512 << 20
"""Bytes of every part but the last. S3 takes no smaller ones, and up to 5 GiB (Amazon S3 User Guide, "Amazon S3
multipart upload limits"); what is interrupted is uploaded again, so ours are smaller."""


class Part(Sent):
    bytes: Annotated[int, Field(ge=1, le=MAX_PART)]
    sha256: Sha256


class Announcement(Sent):
    """A recording to upload in these parts, in this order."""

    model_config = sample(content_type="audio/mpeg", parts=[{"bytes": 120, "sha256": "0" * 64}])
    content_type: Annotated[str, StringConstraints(pattern=r"^audio/[a-z0-9.+-]{1,40}$")]
    parts: Annotated[list[Part], Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _large_parts(self) -> Announcement:
        if any(part.bytes < MIN_PART for part in self.parts[:-1]):
            raise PydanticCustomError("part", "every part but the last has at least 5242880 bytes")
        return self


class PartUrl(BaseModel):
    """Where and with which headers a part is PUT; the answer's ETag completes the upload."""

    number: int
    url: str
    headers: dict[str, str]


class Upload(BaseModel):
    id: UUID
    parts: list[PartUrl]
    expires_at: datetime


class Completion(Sent):
    """The ETag of each part, in their order."""

    model_config = sample(etags=["d41d8cd98f00b204e9800998ecf8427e"])
    etags: Annotated[list[Annotated[str, StringConstraints(pattern=r'^"?[0-9a-f-]{1,80}"?$')]], Field(max_length=200)]


class Playback(BaseModel):
    """`url` gives the recording until `expires_at`, also in ranges of bytes."""

    url: str
    content_type: str
    expires_at: datetime


class Facet(BaseModel):
    value: str
    count: int


class Found(BaseModel):
    """The best first; `facets` count the values of all `total` items that were found."""

    total: int
    items: list[Item]
    facets: dict[str, list[Facet]]
    next: str | None


class Suggestions(BaseModel):
    suggestions: list[str]
