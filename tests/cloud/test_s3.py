"""S3 as AWS answers it, where moto answers otherwise."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.cloud.signed import s3_status as status
from tests.fixtures.cloud import KEY, REGION, Cloud, code

pytestmark = pytest.mark.integration

HERE = {"LocationConstraint": REGION}


@pytest.fixture(scope="module")
def s3(cloud: Cloud) -> Any:
    return cloud.client("s3")


@pytest.fixture(scope="module")
def bucket(s3: Any) -> str:
    """With the object `k`."""
    s3.create_bucket(Bucket="test-s3", CreateBucketConfiguration=HERE)
    s3.put_object(Bucket="test-s3", Key="k", Body=b"one")
    return "test-s3"


def test_reads_and_writes_have_their_conditions(s3: Any, bucket: str) -> None:
    at, long_ago = {"Bucket": bucket, "Key": "k"}, datetime(2001, 1, 1, tzinfo=UTC)
    etag = s3.head_object(**at)["ETag"]
    for read in (s3.get_object, s3.head_object):
        assert code(read, **at, IfNoneMatch=f'"b", {etag}') == "304"
        assert code(read, **at, IfNoneMatch="*") == "304"
        assert read(**at, IfMatch=etag, IfUnmodifiedSince=long_ago)["ETag"] == etag
        assert code(read, **at, IfMatch='"b"') in ("412", "PreconditionFailed")
        assert code(read, **at, IfUnmodifiedSince=long_ago) in ("412", "PreconditionFailed")
    assert code(s3.put_object, **at, IfNoneMatch="*") == "PreconditionFailed"
    assert code(s3.put_object, **at, IfNoneMatch=etag) == "NotImplemented"
    upload = {**at, "UploadId": s3.create_multipart_upload(**at)["UploadId"]}
    part = {"ETag": s3.upload_part(**upload, PartNumber=1, Body=b"x")["ETag"], "PartNumber": 1}
    complete = {**upload, "MultipartUpload": {"Parts": [part]}}
    assert code(s3.complete_multipart_upload, **complete, IfMatch='"b"') == "PreconditionFailed"
    copy = {"Bucket": bucket, "Key": "copy", "CopySource": {"Bucket": bucket, "Key": "k"}}
    assert code(s3.copy_object, **copy, CopySourceIfMatch='"b"') == "PreconditionFailed"
    assert code(s3.copy_object, **copy, CopySourceIfUnmodifiedSince=long_ago) == "PreconditionFailed"
    s3.copy_object(**copy, CopySourceIfMatch=etag)
    assert code(s3.delete_object, Bucket=bucket, Key="copy", IfMatch='"b"') == "PreconditionFailed"
    s3.delete_object(Bucket=bucket, Key="copy", IfMatch="*")
    assert code(s3.head_object, Bucket=bucket, Key="copy") == "404"


def test_a_condition_on_a_time_that_is_none_is_no_condition(cloud: Cloud, bucket: str) -> None:
    none, future = "yesterday-ish", format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True)
    for method in ("GET", "HEAD"):
        for name in ("If-Modified-Since", "If-Unmodified-Since"):
            assert status(cloud, method, f"{bucket}/k", {name: none}) == 200
        assert status(cloud, method, f"{bucket}/k", {"If-Modified-Since": future}) == 304
    source = {"x-amz-copy-source": f"{bucket}/k"}
    for name in ("x-amz-copy-source-if-modified-since", "x-amz-copy-source-if-unmodified-since"):
        assert status(cloud, "PUT", f"{bucket}/copy-by-time", {**source, name: none}) == 200
    unmet = {**source, "x-amz-copy-source-if-modified-since": future}
    assert status(cloud, "PUT", f"{bucket}/copy-by-time", unmet) == 412


def test_a_digest_is_that_of_what_the_chunks_hold(cloud: Cloud, s3: Any, bucket: str) -> None:
    of_hello, of_another = ({"x-amz-checksum-crc32": digest} for digest in ("NhCmhg==", "AAAAAQ=="))
    chunked = {"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x-amz-decoded-content-length": "5"}
    assert status(cloud, "PUT", f"{bucket}/chunks", {**chunked, **of_hello}, b"5\r\nhello\r\n0\r\n\r\n") == 200
    assert s3.get_object(Bucket=bucket, Key="chunks")["Body"].read() == b"hello"
    named = {"Content-Encoding": "aws-chunked"}  # and not sent so
    assert status(cloud, "PUT", f"{bucket}/chunks", {**named, **of_hello}, b"hello") == 200
    assert status(cloud, "PUT", f"{bucket}/chunks", {**named, **of_another}, b"hello") == 400


def test_a_key_of_the_customer_is_refused(s3: Any, bucket: str) -> None:
    at = {"Bucket": bucket, "Key": "secret", "SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"0" * 32}
    for call in (s3.put_object, s3.get_object, s3.create_multipart_upload):
        assert code(call, **at) == "NotImplemented"


def test_locked_versions_stay_and_their_retention_is_not_weakened(s3: Any) -> None:
    bucket, until = "test-s3-lock", datetime.now(UTC) + timedelta(days=1)
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=HERE, ObjectLockEnabledForBucket=True)
    kept = {
        mode: {
            "Bucket": bucket,
            "Key": mode,
            "VersionId": s3.put_object(Bucket=bucket, Key=mode, ObjectLockMode=mode, ObjectLockRetainUntilDate=until)[
                "VersionId"
            ],
        }
        for mode in ("GOVERNANCE", "COMPLIANCE")
    }
    shorter = {mode: {"Mode": mode, "RetainUntilDate": until - timedelta(hours=1)} for mode in kept}
    for mode, version in kept.items():
        assert code(s3.delete_object, **version) == "AccessDenied"
        assert code(s3.delete_object, **version, BypassGovernanceRetention=False) == "AccessDenied"
        assert code(s3.put_object_retention, **version, Retention=shorter[mode]) == "AccessDenied"
        longer = {"Mode": mode, "RetainUntilDate": until + timedelta(hours=1)}
        s3.put_object_retention(**version, Retention=longer)
        assert s3.get_object_retention(**version)["Retention"] == longer
        past = {"Mode": mode, "RetainUntilDate": until - timedelta(days=2)}
        assert code(s3.put_object_retention, **version, Retention=past) == "InvalidArgument"
    assert code(s3.delete_object, **kept["COMPLIANCE"], BypassGovernanceRetention=True) == "AccessDenied"
    s3.delete_object(**kept["GOVERNANCE"], BypassGovernanceRetention=True)
    s3.put_object(Bucket=bucket, Key="free")
    assert code(s3.get_object_retention, Bucket=bucket, Key="free") == "NoSuchObjectLockConfiguration"
    suspended = {"Status": "Suspended"}
    assert code(s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration=suspended) == "InvalidBucketState"
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}
    configuration = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=configuration)
    version = s3.put_object(Bucket=bucket, Key="by-default")["VersionId"]
    assert code(s3.delete_object, Bucket=bucket, Key="by-default", VersionId=version) == "AccessDenied"


def test_pages_of_other_origins_are_admitted_by_the_buckets_rules(cloud: Cloud, s3: Any, bucket: str) -> None:
    rule = {"AllowedOrigins": ["http://page.example.com"], "AllowedMethods": ["GET"], "AllowedHeaders": ["x-amz-*"]}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})

    def asked(url: str, method: str, **headers: str) -> tuple[int, str | None]:
        request = urllib.request.Request(url, headers={k.replace("_", "-"): v for k, v in headers.items()})
        request.method = method
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.headers.get("Access-Control-Allow-Origin")
        except urllib.error.HTTPError as error:
            return error.code, error.headers.get("Access-Control-Allow-Origin")

    url = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"})
    get, page = {"Access_Control_Request_Method": "GET"}, "http://page.example.com"
    assert asked(url, "OPTIONS", Origin=page, **get) == (200, page)
    assert asked(f"{cloud.site.endpoint_url}/{bucket}/k", "OPTIONS", Origin=page, **get) == (200, page)
    assert asked(url, "OPTIONS", Origin="http://other.example.com", **get) == (403, None)
    assert asked(url, "OPTIONS", Origin=page, Access_Control_Request_Method="PUT") == (403, None)
    assert asked(url, "OPTIONS", Origin=page, Access_Control_Request_Headers="x-other", **get) == (403, None)
    assert asked(url, "GET", Origin=page) == (200, page)
    assert asked(url, "GET", Origin="http://other.example.com") == (200, None)


def test_a_canned_acl_that_does_not_exist_is_refused(s3: Any, bucket: str) -> None:
    for call, inputs in ((s3.put_bucket_acl, {}), (s3.put_object_acl, {"Key": "k"}), (s3.put_object, {"Key": "n"})):
        assert code(call, Bucket=bucket, **inputs, ACL="nonsense") == "InvalidArgument"


def test_a_new_bucket_has_its_tags(s3: Any) -> None:
    tags = [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d"}]
    s3.create_bucket(Bucket="test-s3-tags", CreateBucketConfiguration={**HERE, "Tags": tags})
    assert s3.get_bucket_tagging(Bucket="test-s3-tags")["TagSet"] == tags
    for refused, expected in (([{"Key": "aws:a", "Value": "b"}], "InvalidTag"), ([tags[0], tags[0]], "InvalidTag")):
        configuration = {**HERE, "Tags": refused}
        assert code(s3.create_bucket, Bucket="test-s3-no", CreateBucketConfiguration=configuration) == expected
    assert code(s3.head_bucket, Bucket="test-s3-no") == "404"


def test_what_s3_refuses_is_refused(s3: Any, bucket: str) -> None:
    at, all_keys = {"Bucket": bucket, "Key": "k"}, {"Principal": "*", "Effect": "Allow", "Action": "s3:GetObject"}
    of_another = json.dumps({"Statement": [{**all_keys, "Resource": "arn:aws:s3:::another/*"}]})
    own = {**all_keys, "Resource": f"arn:aws:s3:::{bucket}/*"}
    conditions = ({"StringEquals": "x"}, {"StringEquals": ["x"]}, "x", ["x"], None)
    malformed = [json.dumps({"Statement": [{**own, "Condition": each}]}) for each in conditions]
    refusals: list[tuple[str, dict[str, Any], str]] = [
        ("create_bucket", {"Bucket": "Test_S3", "CreateBucketConfiguration": HERE}, "InvalidBucketName"),
        ("put_object", {**at, "ContentMD5": "AAAAAAAAAAAAAAAAAAAAAA=="}, "BadDigest"),
        ("put_object", {**at, "ChecksumCRC32": "AAAAAQ=="}, "BadDigest"),
        ("put_object", {"Bucket": bucket, "Key": "k" * 1025}, "KeyTooLongError"),
        ("put_bucket_policy", {"Bucket": bucket, "Policy": "{"}, "MalformedPolicy"),
        *(
            ("put_bucket_policy", {"Bucket": bucket, "Policy": policy}, "MalformedPolicy")
            for policy in (of_another, *malformed)
        ),
        ("list_objects_v2", {"Bucket": bucket, "MaxKeys": -1}, "InvalidArgument"),
        ("list_objects_v2", {"Bucket": bucket, "ContinuationToken": "bogus"}, "InvalidArgument"),
        (
            "put_bucket_versioning",
            {"Bucket": bucket, "VersioningConfiguration": {"Status": "Bogus"}},
            "MalformedXML",
        ),
        (
            "put_bucket_lifecycle_configuration",
            {
                "Bucket": bucket,
                "LifecycleConfiguration": {"Rules": [{"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}}]},
            },
            "InvalidRequest",
        ),
    ]
    for operation, inputs, expected in refusals:
        assert code(getattr(s3, operation), **inputs) == expected


def test_a_new_bucket_refuses_public_policies_until_its_block_is_lifted(s3: Any) -> None:
    s3.create_bucket(Bucket="test-public", CreateBucketConfiguration=HERE)
    blocks = s3.get_public_access_block(Bucket="test-public")["PublicAccessBlockConfiguration"]
    assert list(blocks.values()) == [True] * 4
    reading = {"Principal": "*", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::test-public/*"}
    policy = {"Bucket": "test-public", "Policy": json.dumps({"Version": "2012-10-17", "Statement": [reading]})}
    assert code(s3.put_bucket_policy, **policy) == "AccessDenied"
    assert code(s3.get_bucket_policy, Bucket="test-public") == "NoSuchBucketPolicy"
    s3.put_public_access_block(
        Bucket="test-public", PublicAccessBlockConfiguration={**blocks, "BlockPublicPolicy": False}
    )
    s3.put_bucket_policy(**policy)
    s3.put_public_access_block(Bucket="test-public", PublicAccessBlockConfiguration=blocks)
    assert code(s3.put_bucket_policy, **policy) == "AccessDenied"
    s3.delete_public_access_block(Bucket="test-public")
    s3.put_bucket_policy(**policy)


def test_what_a_lifecycle_or_a_part_cannot_be_is_refused(s3: Any, bucket: str) -> None:
    rule = {"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}}
    for action in (
        {"Expiration": {"Days": 0}},
        {"Transitions": [{"Days": 10, "StorageClass": "STANDARD_IA"}]},
        {"NoncurrentVersionTransitions": [{"NoncurrentDays": 10, "StorageClass": "STANDARD_IA"}]},
    ):
        configuration = {"Rules": [{**rule, **action}]}
        refused = code(s3.put_bucket_lifecycle_configuration, Bucket=bucket, LifecycleConfiguration=configuration)
        assert refused == "InvalidArgument"
    assert code(s3.get_bucket_lifecycle_configuration, Bucket=bucket) == "NoSuchLifecycleConfiguration"
    upload = {"Bucket": bucket, "Key": "parts"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    for number in (0, 10_001):
        assert code(s3.upload_part, **upload, PartNumber=number, Body=b"x") == "InvalidArgument"
        source = {"Bucket": bucket, "Key": "k"}
        assert code(s3.upload_part_copy, **upload, PartNumber=number, CopySource=source) == "InvalidArgument"


def test_a_list_has_pages(s3: Any) -> None:
    s3.create_bucket(Bucket="test-s3-pages", CreateBucketConfiguration=HERE)
    for key in "abc":
        s3.put_object(Bucket="test-s3-pages", Key=key)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="test-s3-pages", PaginationConfig={"PageSize": 1})
    assert [found["Key"] for page in pages for found in page["Contents"]] == ["a", "b", "c"]


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_form_uploads_what_its_policy_allows_and_nothing_else(
    cloud: Cloud, s3: Any, bucket: str, version: str
) -> None:
    signer = boto3.client(
        "s3",
        region_name=REGION,
        endpoint_url=cloud.site.endpoint_url,
        aws_access_key_id=KEY,
        aws_secret_access_key=KEY,
        config=Config(signature_version=version),
    )
    post = signer.generate_presigned_post(bucket, f"form-{version}", Conditions=[["content-length-range", 1, 5]])

    def sent(content: bytes, **changed: str) -> int:
        fields = {**post["fields"], **changed}
        head = "--x\r\nContent-Disposition: form-data; name="
        parts = [f'{head}"{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
        file = b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n' + content
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        body = b"".join(parts) + file + b"\r\n--x--\r\n"
        try:
            with urllib.request.urlopen(urllib.request.Request(post["url"], body, headers), timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    assert sent(b"hello") == 204
    assert s3.get_object(Bucket=bucket, Key=f"form-{version}")["Body"].read() == b"hello"
    assert sent(b"hello", key="another") == 403
    assert sent(b"hello", acl="public-read") == 403
    assert sent(b"hello!") == 400
    assert sent(b"hello", **{"x-amz-signature" if version == "s3v4" else "signature": "0" * 64}) == 403
    assert code(s3.head_object, Bucket=bucket, Key="another") == "404"


def test_a_policy_against_requests_without_tls_refuses_none_here(cloud: Cloud) -> None:
    """No policy of a resource binds anybody here (README); moto would refuse all reads by this one."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="tls-only-test", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "arn:aws:s3:::tls-only-test/*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket="tls-only-test", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    s3.put_object(Bucket="tls-only-test", Key="k", Body=b"v")
    assert s3.get_object(Bucket="tls-only-test", Key="k")["Body"].read() == b"v"


def test_delete_markers_are_deleted_like_versions(cloud: Cloud) -> None:
    s3, bucket = cloud.client("s3"), "markers-test"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    s3.delete_object(Bucket=bucket, Key="k")
    listed = s3.list_object_versions(Bucket=bucket)
    found = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in listed["Versions"] + listed["DeleteMarkers"]]
    assert len(found) == 2
    assert "Errors" not in s3.delete_objects(Bucket=bucket, Delete={"Objects": found})
    s3.delete_bucket(Bucket=bucket)
