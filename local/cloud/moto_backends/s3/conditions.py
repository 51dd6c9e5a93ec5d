"""Conditions of a read. Source: Amazon S3 User Guide, "Conditional requests"; RFC 9110, 13.2.2 "Precedence". Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto


class Verdict(Enum):
    MET = auto()
    NOT_MODIFIED = auto()
    FAILED = auto()


@dataclass(frozen=True)
class Conditions:
    """What a request asks of an object: entity tags as in the header, times with a time zone."""

    match: str | None = None
    none_match: str | None = None
    modified_since: datetime | None = None
    unmodified_since: datetime | None = None


def of_read(asked: Conditions, etag: str, modified: datetime) -> Verdict:
    """Whether an object may be read. A condition on its time counts only without one on its tag."""
    modified = modified.replace(microsecond=0)
    if asked.match is not None:
        if not names(asked.match, etag):
            return Verdict.FAILED
    elif asked.unmodified_since is not None and modified > asked.unmodified_since:
        return Verdict.FAILED
    if asked.none_match is not None:
        return Verdict.NOT_MODIFIED if names(asked.none_match, etag) else Verdict.MET
    if asked.modified_since is not None and modified <= asked.modified_since:
        return Verdict.NOT_MODIFIED
    return Verdict.MET


def names(header: str, etag: str) -> bool:
    """Whether a list of entity tags has this one; S3 takes them without their quotes, too."""
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")}
    return "*" in tags or etag.strip('"') in tags


def time_of(text: str | None) -> datetime | None:
    """The time of a condition in the form of HTTP. Without a valid one it is ignored (RFC 9110, 13.1.3 and 13.1.4)."""
    try:
        time = parsedate_to_datetime(text) if text else None
    except (ValueError, OverflowError):  # the latter for a number that no date has
        return None
    return time.replace(tzinfo=UTC) if time and time.tzinfo is None else time
