"""Every operation of S3 is done for what it is, or refused: none is done to the bucket or the object itself instead."""

from __future__ import annotations

import itertools
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.session import get_session

from tests.cloud.signed import headers as signed_headers
from tests.fixtures.cloud import REGION, Cloud, code_of

pytestmark = pytest.mark.integration

MODEL = get_session().get_service_model("s3")
PATHS = {name: MODEL.operation_model(name).http["requestUri"] for name in MODEL.operation_names}
ABOUT_A_SUB_RESOURCE = sorted(name for name, path in PATHS.items() if "?" in path)
REFUSED = {
    *("CreateBucketMetadataConfiguration", "CreateBucketMetadataTableConfiguration", "CreateSession"),
    *("DeleteBucketAnalyticsConfiguration", "DeleteBucketIntelligentTieringConfiguration"),
    *("DeleteBucketInventoryConfiguration", "DeleteBucketMetadataConfiguration", "DeleteObjectAnnotation"),
    *("DeleteBucketMetadataTableConfiguration", "DeleteBucketMetricsConfiguration", "GetObjectTorrent"),
    *("PutBucketMetricsConfiguration", "PutBucketRequestPayment", "PutObjectAnnotation", "RenameObject"),
    *("UpdateObjectEncryption", "WriteGetObjectResponse"),
}
"""Known for what they had done to the bucket or the object."""
ITSELF = {
    *("CreateBucket", "HeadBucket", "DeleteBucket", "ListBuckets", "ListObjects", "ListDirectoryBuckets"),
    *("PutObject", "GetObject", "HeadObject", "CopyObject", "DeleteObject"),
    *("UploadPart", "UploadPartCopy", "ListParts", "AbortMultipartUpload", "CompleteMultipartUpload"),
    "WriteGetObjectResponse",
}
"""About no sub-resource."""
OF_A_NEW_BUCKET = ("BucketAlreadyOwnedByYou", "BucketAlreadyExists", "IllegalLocationConstraintException")
CONTENT = b"precious"
NUMBERS = itertools.count()
"""Of the buckets."""


@pytest.fixture(scope="module")
def s3(cloud: Cloud) -> Any:
    return cloud.client("s3")


@pytest.fixture
def bucket(s3: Any) -> Iterator[str]:
    """A new one with the object `k`."""
    name = f"test-sub-resources-{next(NUMBERS)}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=name, Key="k", Body=CONTENT)
    yield name
    assert s3.get_object(Bucket=name, Key="k")["Body"].read() == CONTENT
    assert [entry["Key"] for entry in s3.list_objects(Bucket=name)["Contents"]] == ["k"]


def inputs(shape: Any) -> Any:
    """What is required, with values of the model."""
    match shape.type_name:
        case "structure" if shape.is_tagged_union:
            each, member = next(iter(shape.members.items()))
            return {each: inputs(member)}
        case "structure":
            return {each: inputs(member) for each, member in shape.members.items() if is_asked(shape, each)}
        case "list":
            return [inputs(shape.member)]
        case "map":
            return {"x": "x"}
        case "boolean":
            return True
        case "integer" | "long":
            return 1
        case "timestamp":
            return 1_900_000_000
        case "blob":
            return b"x"
    return shape.enum[0] if shape.enum else "x" * shape.metadata.get("min", 1)


def is_asked(shape: Any, member: str) -> bool:
    return member in shape.required_members or shape.serialization.get("payload") == member


def asked(s3: Any, operation: str, **given: Any) -> tuple[str, bytes]:
    """The error's code and the body of the answer."""
    bodies: list[bytes] = []

    def keep(response_dict: dict[str, Any], **_: Any) -> None:
        if isinstance(response_dict["body"], bytes):
            bodies.append(response_dict["body"])

    s3.meta.events.register(f"before-parse.s3.{operation}", keep, operation)
    try:
        answer = s3._make_api_call(operation, given)
    except ClientError as error:
        return code_of(error), b"".join(bodies)
    finally:
        s3.meta.events.unregister(f"before-parse.s3.{operation}", keep, operation)
    return "", answer["Body"].read() if hasattr(answer.get("Body"), "read") else b"".join(bodies)


def test_the_operations_are_those_that_are_walked_through() -> None:
    assert set(PATHS) - set(ABOUT_A_SUB_RESOURCE) == ITSELF


@pytest.mark.parametrize("operation", [*ABOUT_A_SUB_RESOURCE, "WriteGetObjectResponse"])
def test_a_sub_resource_is_not_the_bucket_or_object_itself(s3: Any, bucket: str, operation: str) -> None:
    """The fixture sees afterwards that both are as they were."""
    shape = MODEL.operation_model(operation).input_shape
    assert shape
    named = {name: value for name, value in (("Bucket", bucket), ("Key", "k")) if name in shape.members}  # pyright: ignore[reportAttributeAccessIssue]
    code, body = asked(s3, operation, **inputs(shape) | named)
    if operation in REFUSED:
        assert code == "NotImplemented"
    if code == "NotImplemented":
        assert b"Nothing was changed" in body
        return
    assert code not in ("InternalFailure", *OF_A_NEW_BUCKET)
    assert CONTENT not in body
    assert b"<ListBucketResult" not in body or operation == "ListObjectsV2"


@pytest.mark.parametrize(
    ("method", "of"),
    [
        *(("DELETE", "?metrics"), ("DELETE", "/?analytics"), ("DELETE", "?metrics&policy"), ("PUT", "?policy&abac")),
        *(("DELETE", "/k?annotation"), ("DELETE", "/k?retention"), ("DELETE", "/k?acl"), ("PUT", "/k?encryption")),
        *(("PUT", "/k?uploadId=x"), ("PUT", "/k?partNumber=1"), ("PUT", "/k?annotation"), ("POST", "?metadataTable")),
    ],
)
def test_a_request_without_its_required_parameters_is_refused_too(
    cloud: Cloud, bucket: str, method: str, of: str
) -> None:
    url, body = f"{cloud.site.endpoint_url}/{bucket}{of}", b"x" if method == "PUT" else b""
    sent = signed_headers("s3", url, method, body)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(url, body, sent, method=method), timeout=5)
    assert (refused.value.code, b"<Code>NotImplemented</Code>" in refused.value.read()) == (501, True)


def test_sub_resources_of_virtual_hosted_buckets_are_refused(cloud: Cloud, bucket: str) -> None:
    for method, path in (("DELETE", "/?metrics"), ("DELETE", "/k?annotation"), ("PUT", "/k?encryption")):
        url, host = f"{cloud.site.endpoint_url}{path}", {"Host": f"{bucket}.s3.{REGION}.amazonaws.com"}
        sent = signed_headers("s3", url, method, b"", host)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(url, b"", sent, method=method), timeout=5)
        assert refused.value.code == 501


def test_directory_buckets_are_not_listed_as_others(s3: Any) -> None:
    assert asked(s3, "ListDirectoryBuckets")[0] == "NotImplemented"
