"""The rules of S3 by operation, applied to the buckets and objects that moto has."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from fnmatch import fnmatchcase as fnmatch
from typing import Any
from urllib.parse import unquote

from moto.core.utils import get_service_model
from moto.s3.models import FakeBucket, FakeKey, s3_backends

from local.cloud.context import ACCOUNT
from local.cloud.moto_backends.s3.conditions import Conditions, Verdict, of_read
from local.cloud.service.constraints import violations
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.strict.policies import is_condition, listed
from local.cloud.strict.request import Rule, Rules, ServiceRequest, in_turn, refuse
from local.cloud.strict.s3 import conditions, digests, lifecycle, names, object_lock, public_policy, replication
from local.cloud.strict.s3.object_lock import Retention


def _customer_key(request: ServiceRequest) -> None:
    if any("SSECustomer" in name for name in request.inputs):
        raise unsupported("encryption with a key of the customer (SSE-C)")


def _canned_acl(request: ServiceRequest) -> None:
    acl = request.inputs.get("ACL")
    if acl is not None and acl not in _CANNED_ACLS:
        raise AwsError("InvalidArgument", f"{acl} is no canned ACL.", 400)


def _bucket_name(request: ServiceRequest) -> None:
    refuse(names.refusal_of_bucket(request.inputs.get("Bucket", "")))


def _key(request: ServiceRequest) -> None:
    refuse(names.refusal_of_key(request.inputs.get("Key", "")))


def _body(request: ServiceRequest) -> None:
    """The MD5 that comes with a body in chunks is not checked: it may be that of the chunks."""
    given = {name: value for name, value in request.inputs.items() if name != "ContentMD5" or not request.in_chunks}
    body = request.inputs.get("Body") or b""
    refuse(digests.refusal(body.encode() if isinstance(body, str) else body, given))


def _document(request: ServiceRequest) -> None:
    """What the body says in XML has values that S3 knows."""
    shape = get_service_model("s3").operation_model(request.operation).input_shape
    for name, member in (shape.members if shape else {}).items():  # pyright: ignore[reportAttributeAccessIssue]
        value = request.inputs.get(name)
        if member.type_name == "structure" and value and next(violations(member, value, name), None):
            message = "The XML you provided was not well-formed or did not validate against our published schema"
            raise AwsError("MalformedXML", message, 400)


def _policy(request: ServiceRequest) -> None:
    """Valid JSON, about this bucket and what is in it; not public where the bucket blocks those."""
    try:
        statements = listed(json.loads(request.inputs.get("Policy", ""))["Statement"])
        on = [resource for each in statements for resource in listed(each.get("Resource", each.get("NotResource")))]
        buckets = [str(resource).removeprefix(_ARN).partition("/")[0] for resource in on]
        conditional = [each.get("Condition", {}) for each in statements]
    except (ValueError, KeyError, TypeError, AttributeError):
        message = "Policies must be valid JSON and the first byte must be '{'"
        raise AwsError("MalformedPolicy", message, 400) from None
    if not all(map(is_condition, conditional)):
        raise AwsError("MalformedPolicy", "Invalid policy syntax.", 400)
    name = request.inputs.get("Bucket", "")
    if not all(str(resource).startswith(_ARN) for resource in on) or not all(fnmatch(name, each) for each in buckets):
        raise AwsError("MalformedPolicy", "Policy has invalid resource", 400)
    bucket = _bucket(request.inputs)
    if bucket is not None and bucket.public_access_block and bucket.public_access_block.block_public_policy:
        refuse(public_policy.refusal(statements, name, request.caller))


def _lifecycle(request: ServiceRequest) -> None:
    for rule in (request.inputs.get("LifecycleConfiguration") or {}).get("Rules") or ():
        refuse(lifecycle.refusal(rule))


def _part(request: ServiceRequest) -> None:
    if not 1 <= request.inputs.get("PartNumber", 1) <= _MOST_PARTS:
        message = f"Part number must be an integer between 1 and {_MOST_PARTS}, inclusive"
        raise AwsError("InvalidArgument", message, 400)


def _page(request: ServiceRequest) -> None:
    if (request.inputs.get("MaxKeys") or 0) < 0:
        message = "Argument maxKeys must be an integer between 0 and 2147483647"
        raise AwsError("InvalidArgument", message, 400)
    token = request.inputs.get("ContinuationToken")
    if token and token not in s3_backends[ACCOUNT]["aws"]._pagination_tokens:
        raise AwsError("InvalidArgument", "The continuation token provided is incorrect", 400)


def _write(request: ServiceRequest) -> None:
    found, asked = _object(request.inputs), request.inputs
    etag = found.etag if found else None
    refuse(conditions.refusal_of_write(asked.get("IfMatch"), asked.get("IfNoneMatch"), etag))


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
    if of_read(on, source.etag, source.last_modified.replace(tzinfo=UTC)) is not Verdict.MET:
        raise conditions.failed()


def _lock_new(request: ServiceRequest) -> None:
    mode, until = request.inputs.get("ObjectLockMode"), _aware(request.inputs.get("ObjectLockRetainUntilDate"))
    refuse(object_lock.refusal_of_times(mode, until, datetime.now(UTC)))


def _retain(request: ServiceRequest) -> None:
    now, retention = datetime.now(UTC), request.inputs.get("Retention") or {}
    mode, until = retention.get("Mode"), _aware(retention.get("RetainUntilDate"))
    refuse(object_lock.refusal_of_times(mode, until, now))
    found = _object(request.inputs)
    if found is None:
        return
    asked = Retention(mode, until) if mode and until else None
    bypass = bool(request.inputs.get("BypassGovernanceRetention"))
    refuse(object_lock.refusal_of_change(_retention(found), asked, bypass, now))


def _default_retention(request: ServiceRequest) -> None:
    rule = request.inputs.get("ObjectLockConfiguration", {}).get("Rule")
    if rule is not None:
        retention = rule.get("DefaultRetention") or {}
        refuse(object_lock.refusal_of_default(retention.get("Days"), retention.get("Years")))


def _versioning(request: ServiceRequest) -> None:
    bucket = _bucket(request.inputs)
    status = request.inputs.get("VersioningConfiguration", {}).get("Status")
    refuse(object_lock.refusal_of_suspension(status, bucket is not None and bucket.object_lock_enabled))


def _replication(request: ServiceRequest) -> None:
    def versioned(name: str) -> bool | None:
        bucket = _bucket({"Bucket": name})
        return bucket.is_versioned if bucket is not None else None

    given = request.inputs.get("ReplicationConfiguration") or {}
    refuse(replication.refusal(request.inputs.get("Bucket", ""), given, versioned))


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


_ARN = "arn:aws:s3:::"
_CANNED_ACLS = {"private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read"}
_CANNED_ACLS |= {"bucket-owner-read", "bucket-owner-full-control", "log-delivery-write"}
_MOST_PARTS = 10_000
_ONCE: dict[str, tuple[Rule, ...]] = {
    "CreateBucket": (_bucket_name, _canned_acl),
    "PutBucketAcl": (_canned_acl,),
    "PutObjectAcl": (_canned_acl,),
    "PutObject": (_key, _canned_acl, _body, _lock_new, _write),
    "CopyObject": (_key, _canned_acl, _lock_new, _write, _copy),
    "CreateMultipartUpload": (_key, _canned_acl, _lock_new),
    "CompleteMultipartUpload": (_write,),
    "UploadPartCopy": (_part, _copy),
    "PutObjectRetention": (_retain,),
    "PutObjectLockConfiguration": (_document, _default_retention),
    "PutBucketVersioning": (_document, _versioning),
    "PutBucketEncryption": (_document,),
    "PutBucketReplication": (_document, _replication),
    "PutBucketLifecycleConfiguration": (_document, _lifecycle),
    "PutBucketOwnershipControls": (_document,),
    "PutBucketPolicy": (_policy,),
    "PutObjectLegalHold": (_document,),
    "UploadPart": (_part, _body),
    "ListObjects": (_page,),
    "ListObjectsV2": (_page,),
    "ListObjectVersions": (_page,),
}
RULES: Rules = {("s3", name): in_turn(*rules) for name, rules in _ONCE.items()}
for _name in _with_customer_keys():
    RULES["s3", _name] = in_turn(_customer_key, *_ONCE.get(_name, ()))
