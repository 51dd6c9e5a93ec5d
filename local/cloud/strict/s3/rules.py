"""The rules of S3 by operation, applied to the buckets and objects that moto has."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from moto.core.utils import get_service_model
from moto.s3.models import FakeBucket, FakeKey, s3_backends

from local.cloud.context import ACCOUNT
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.strict.request import Rule, Rules, ServiceRequest, in_turn
from local.cloud.strict.s3 import conditions, object_lock
from local.cloud.strict.s3.conditions import Conditions, Verdict
from local.cloud.strict.s3.object_lock import Retention


def _customer_key(request: ServiceRequest) -> None:
    if any("SSECustomer" in name for name in request.inputs):
        raise unsupported("encryption with a key of the customer (SSE-C)")


def _canned_acl(request: ServiceRequest) -> None:
    acl = request.inputs.get("ACL")
    if acl is not None and acl not in _CANNED_ACLS:
        raise AwsError("InvalidArgument", f"{acl} is no canned ACL.", 400)


def _write(request: ServiceRequest) -> None:
    found, asked = _object(request.inputs), request.inputs
    etag = found.etag if found else None
    _raise(conditions.refusal_of_write(asked.get("IfMatch"), asked.get("IfNoneMatch"), etag))


def _copy(request: ServiceRequest) -> None:
    source, asked = _source(request.inputs), request.inputs
    if source is None:
        return
    on = Conditions(
        asked.get("CopySourceIfMatch"),
        asked.get("CopySourceIfNoneMatch"),
        _aware(asked.get("CopySourceIfModifiedSince")),
        _aware(asked.get("CopySourceIfUnmodifiedSince")),
    )
    if conditions.of_read(on, source.etag, source.last_modified.replace(tzinfo=UTC)) is not Verdict.MET:
        raise conditions.failed()


def _lock_new(request: ServiceRequest) -> None:
    mode, until = request.inputs.get("ObjectLockMode"), _aware(request.inputs.get("ObjectLockRetainUntilDate"))
    _raise(object_lock.refusal_of_times(mode, until, datetime.now(UTC)))


def _retain(request: ServiceRequest) -> None:
    now, retention = datetime.now(UTC), request.inputs.get("Retention") or {}
    mode, until = retention.get("Mode"), _aware(retention.get("RetainUntilDate"))
    _raise(object_lock.refusal_of_times(mode, until, now))
    found = _object(request.inputs)
    if found is None:
        return
    asked = Retention(mode, until) if mode and until else None
    bypass = bool(request.inputs.get("BypassGovernanceRetention"))
    _raise(object_lock.refusal_of_change(_retention(found), asked, bypass, now))


def _default_retention(request: ServiceRequest) -> None:
    rule = request.inputs.get("ObjectLockConfiguration", {}).get("Rule")
    if rule is not None:
        retention = rule.get("DefaultRetention") or {}
        _raise(object_lock.refusal_of_default(retention.get("Days"), retention.get("Years")))


def _versioning(request: ServiceRequest) -> None:
    bucket = _bucket(request.inputs)
    status = request.inputs.get("VersioningConfiguration", {}).get("Status")
    _raise(object_lock.refusal_of_suspension(status, bucket is not None and bucket.object_lock_enabled))


def _raise(error: AwsError | None) -> None:
    if error is not None:
        raise error


def _bucket(inputs: dict[str, Any]) -> FakeBucket | None:
    return s3_backends[ACCOUNT]["aws"].buckets.get(inputs.get("Bucket", ""))


def _object(inputs: dict[str, Any]) -> FakeKey | None:
    """The version that the request names, or the current one. An unknown bucket is moto's to refuse."""
    if _bucket(inputs) is None:
        return None
    return s3_backends[ACCOUNT]["aws"].get_object(inputs["Bucket"], inputs["Key"], inputs.get("VersionId"))


def _source(inputs: dict[str, Any]) -> FakeKey | None:
    path, _, version = inputs.get("CopySource", "").partition("?versionId=")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    return _object({"Bucket": bucket, "Key": key, "VersionId": version or None})


def _retention(key: FakeKey) -> Retention | None:
    if not key.lock_mode or not key.lock_until:
        return None
    return Retention(key.lock_mode, datetime.fromisoformat(key.lock_until))


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _with_customer_keys() -> list[str]:
    """Operations that take a key of the customer."""
    model = get_service_model("s3")
    shapes = {name: model.operation_model(name).input_shape for name in model.operation_names}
    return [name for name, shape in shapes.items() if shape and "SSECustomerKey" in shape.members]  # pyright: ignore[reportAttributeAccessIssue]


_CANNED_ACLS = {"private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read"}
_CANNED_ACLS |= {"bucket-owner-read", "bucket-owner-full-control", "log-delivery-write"}
_ONCE: dict[str, tuple[Rule, ...]] = {
    "CreateBucket": (_canned_acl,),
    "PutBucketAcl": (_canned_acl,),
    "PutObjectAcl": (_canned_acl,),
    "PutObject": (_canned_acl, _lock_new, _write),
    "CopyObject": (_canned_acl, _lock_new, _write, _copy),
    "CreateMultipartUpload": (_canned_acl, _lock_new),
    "CompleteMultipartUpload": (_write,),
    "UploadPartCopy": (_copy,),
    "PutObjectRetention": (_retain,),
    "PutObjectLockConfiguration": (_default_retention,),
    "PutBucketVersioning": (_versioning,),
}
RULES: Rules = {("s3", name): in_turn(*rules) for name, rules in _ONCE.items()}
for _name in _with_customer_keys():
    RULES["s3", _name] = in_turn(_customer_key, *_ONCE.get(_name, ()))
