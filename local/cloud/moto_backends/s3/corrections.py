"""Methods of moto's classes that answer as S3 does: reads, retention and new buckets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from moto.core.responses import ActionResult
from moto.iam.access_control import PermissionResult
from moto.s3.exceptions import DuplicateTagKeys, InvalidBucketState, NoSystemTags, PreconditionFailed
from moto.s3.models import FakeBucket, FakeDeleteMarker, PublicAccessBlock, S3Backend
from moto.s3.responses import S3Response

from local.cloud.moto_backends.s3.conditions import Conditions, Verdict, names, of_read, time_of

_get_key = S3Response._get_key
_head = S3Response.head_object
_get = S3Response._key_response_get
_delete = S3Response.delete_object
_put_bucket = S3Response._bucket_response_put
_create = S3Backend.create_bucket


def install() -> None:
    """Replaces methods of moto's classes."""
    S3Response._get_key = _key_if
    S3Response.head_object = _head_if
    S3Response._key_response_get = _get_or_retention
    S3Response.delete_object = _delete_if
    S3Response._bucket_response_put = _put_bucket_with_tags
    S3Response._get_cors_headers_other = lambda self: {}
    S3Backend.create_bucket = _create_private
    S3Backend.put_object_lock_configuration = _lock_bucket
    FakeBucket.get_permission = _permission
    FakeDeleteMarker.dispose = _has_no_content  # pyright: ignore[reportAttributeAccessIssue]


def _create_private(self: Any, *arguments: Any, **named: Any) -> FakeBucket:
    """A new bucket blocks public access until it is told otherwise, since April 2023.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html
    """
    bucket = _create(self, *arguments, **named)
    blocked: Any = PublicAccessBlock(True, True, True, True)
    bucket.public_access_block = blocked
    return bucket


def _has_no_content(self: Any, garbage: bool = False) -> None:
    """A delete marker that is deleted: moto would end its content, as that of an object."""


def _permission(self: Any, action: str, resource: str) -> PermissionResult:
    """moto leaves out the conditions of a bucket's policy, so that one against requests without TLS would bind all."""
    return PermissionResult.NEUTRAL


def _asked(headers: Mapping[str, str]) -> Conditions:
    return Conditions(
        headers.get("If-Match"),
        headers.get("If-None-Match"),
        time_of(headers.get("If-Modified-Since")),
        time_of(headers.get("If-Unmodified-Since")),
    )


def _key_if(self: Any, *arguments: Any, **named: Any) -> tuple[Any, bool]:
    asked, headers = _asked(self.headers), self.headers
    self.headers = {}  # moto's own conditions, which it would have in another order
    try:
        key, _ = _get_key(self, *arguments, **named)
    finally:
        self.headers = headers
    verdict = of_read(asked, key.etag, key.last_modified.replace(tzinfo=UTC))
    if verdict is Verdict.FAILED:
        raise PreconditionFailed("If-Match" if asked.match else "If-Unmodified-Since")
    return key, verdict is Verdict.NOT_MODIFIED


def _head_if(self: Any, bucket_name: str, query: dict[str, Any], key_name: str, headers: Mapping[str, str]) -> Any:
    key = self.backend.get_object(bucket_name, key_name, version_id=query.get("versionId", [None])[0])
    known = {"x-amz-checksum-mode": headers.get("x-amz-checksum-mode", "")}
    match of_read(_asked(headers), key.etag, key.last_modified.replace(tzinfo=UTC)) if key else Verdict.MET:
        case Verdict.FAILED:
            known["If-Match"] = "none"
        case Verdict.NOT_MODIFIED:
            known["If-None-Match"] = key.etag
    return _head(self, bucket_name, query, key_name, known)


def _delete_if(self: Any) -> Any:
    """The only conditions are those of the tag: `*` is any object, where moto takes it as a tag."""
    headers, asked = self.headers, self.headers.get("If-Match")
    key = self.backend.get_object(self.bucket_name, self.parse_key_name()) if asked else None
    if key is not None and not names(asked, key.etag):
        raise PreconditionFailed("If-Match")
    bypass = headers.get("X-Amz-Bypass-Governance-Retention", "").lower() == "true"
    self.headers = {"X-Amz-Bypass-Governance-Retention": bypass, "If-Match": key.etag if key else asked}
    try:
        return _delete(self)
    finally:
        self.headers = headers


def _get_or_retention(self: Any, query: dict[str, Any], key_name: str) -> Any:
    if "retention" not in query:
        return _get(self, query, key_name)
    key, _ = _get_key(self)
    if not key.lock_mode or not key.lock_until:
        return 200, {}, ""  # which local/cloud/http/answers.py makes the error that it is
    self.data["Action"] = "GetObjectRetention"
    retention = {"Mode": key.lock_mode, "RetainUntilDate": datetime.fromisoformat(key.lock_until)}
    return self.serialized(ActionResult({"Retention": retention}))


def _put_bucket_with_tags(self: Any, request: Any, bucket_name: str, querystring: dict[str, Any]) -> Any:
    answer = _put_bucket(self, request, bucket_name, querystring)
    if querystring or not self.body:
        return answer
    tags: dict[str, str] = {}
    for tag in ElementTree.fromstring(self.body).iterfind("{*}Tags/{*}Tag"):
        key, value = tag.findtext("{*}Key", ""), tag.findtext("{*}Value", "")
        if key.startswith("aws:"):
            raise NoSystemTags
        if key in tags:
            raise DuplicateTagKeys
        tags[key] = value
    if tags:
        self.backend.put_bucket_tagging(bucket_name, tags)
    return answer


def _lock_bucket(
    self: Any,
    bucket_name: str,
    lock_enabled: bool,
    mode: str | None = None,
    days: int | None = None,
    years: int | None = None,
) -> None:
    """Also of a bucket that has objects: they stay as they are."""
    bucket = self.get_bucket(bucket_name)
    if not bucket.is_versioned:
        raise InvalidBucketState("Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration")
    bucket.object_lock_enabled = bucket.object_lock_enabled or lock_enabled
    bucket.default_lock_mode, bucket.default_lock_days, bucket.default_lock_years = mode, days, years
