"""Object Lock. Source: Amazon S3 User Guide, "Locking objects with Object Lock"; API Reference, PutObjectRetention."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from local.cloud.service.errors import AwsError

COMPLIANCE = "COMPLIANCE"


@dataclass(frozen=True)
class Retention:
    """Mode, GOVERNANCE or COMPLIANCE, and the time until which it protects a version."""

    mode: str
    until: datetime


def refusal_of_times(mode: str | None, until: datetime | None, now: datetime) -> AwsError | None:
    """Why no version can be kept like this; None when it can, or when neither is given."""
    if (mode is None) != (until is None):
        message = "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied"
        return AwsError("InvalidArgument", message, 400)
    if until is not None and until <= now:
        return AwsError("InvalidArgument", "The retain until date must be in the future!", 400)
    return None


def refusal_of_change(
    current: Retention | None, asked: Retention | None, bypass: bool, now: datetime
) -> AwsError | None:
    """Why a version's retention is not changed; None when it is.

    A period can be extended by everyone. Whatever weakens it needs `bypass`, which the mode COMPLIANCE does not know.
    """
    if current is None or current.until <= now:
        return None
    extends = asked is not None and asked.mode == current.mode and asked.until >= current.until
    if extends or (bypass and current.mode != COMPLIANCE):
        return None
    return AwsError("AccessDenied", "Access Denied because object protected by object lock.", 403)


def refusal_of_default(days: int | None, years: int | None) -> AwsError | None:
    """Why a bucket's default retention is not set; None when it is."""
    if (days is None) == (years is None):
        message = "The XML you provided was not well-formed or did not validate against our published schema"
        return AwsError("MalformedXML", message, 400)
    if (days or years or 0) <= 0:
        return AwsError("InvalidArgument", "Default retention period must be a positive integer value.", 400)
    return None


def refusal_of_suspension(status: str | None, locked: bool) -> AwsError | None:
    """Why the versioning of a bucket is not changed; None when it is."""
    if locked and status != "Enabled":
        message = "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
        return AwsError("InvalidBucketState", message, 409)
    return None
