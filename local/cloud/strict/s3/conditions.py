"""Conditions of a write. Source: Amazon S3 User Guide, "Conditional requests"."""

from __future__ import annotations

from local.cloud.moto_backends.s3.conditions import names
from local.cloud.service.errors import AwsError


def refusal_of_write(match: str | None, none_match: str | None, etag: str | None) -> AwsError | None:
    """Why an object is not written over the one with `etag`, or where there is none; None when it is."""
    if none_match is not None and none_match != "*":
        return AwsError("NotImplemented", "A header you provided implies functionality that is not implemented.", 501)
    if none_match is not None and etag is not None:
        return failed()
    if match is not None and etag is None:
        return AwsError("NoSuchKey", "The specified key does not exist.", 404)
    if match is not None and etag is not None and not names(match, etag):
        return failed()
    return None


def failed() -> AwsError:
    return AwsError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412)
