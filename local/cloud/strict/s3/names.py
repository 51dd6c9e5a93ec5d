"""Names of buckets and objects. Source: Amazon S3 User Guide, "General purpose bucket naming rules", "Object keys"."""

from __future__ import annotations

import re

from local.cloud.service.errors import AwsError

_LABELS = re.compile(r"[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
MAX_KEY_BYTES = 1024


def refusal_of_bucket(name: str) -> AwsError | None:
    """Why no bucket can have this name; None when one can."""
    valid = _LABELS.fullmatch(name) and ".." not in name and not _ADDRESS.fullmatch(name)
    if valid and not name.startswith(_PREFIXES) and not name.endswith(_SUFFIXES):
        return None
    return AwsError("InvalidBucketName", "The specified bucket is not valid.", 400)


def refusal_of_key(key: str) -> AwsError | None:
    """Why no object can have this key; None when one can."""
    if len(key.encode()) > MAX_KEY_BYTES:
        return AwsError("KeyTooLongError", "Your key is too long", 400)
    return None
