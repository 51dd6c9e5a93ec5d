"""Bodies that come in chunks (aws-chunked): S3 stores what the chunks hold, or nothing."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import pytest

from tests.cloud.signed import s3_status
from tests.fixtures.cloud import REGION, Cloud

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def s3(cloud: Cloud) -> Any:
    return cloud.client("s3")


@pytest.fixture(scope="module")
def bucket(s3: Any) -> str:
    s3.create_bucket(Bucket="test-s3-chunks", CreateBucketConfiguration={"LocationConstraint": REGION})
    return "test-s3-chunks"


def sent_in_chunks(cloud: Cloud, s3: Any, bucket: str, form: str, body: bytes, length: str | None) -> tuple[int, bytes]:
    """The status of the answer and what the object holds then; it holds `old` before."""
    s3.put_object(Bucket=bucket, Key="framed", Body=b"old")
    headers = {"Content-Encoding": "aws-chunked", "x-amz-content-sha256": f"STREAMING-{form}"}
    if length is not None:
        headers["x-amz-decoded-content-length"] = length
    answered = s3_status(cloud, "PUT", f"{bucket}/framed", headers, body)
    return answered, s3.get_object(Bucket=bucket, Key="framed")["Body"].read()


PLAIN, SIGNED = "UNSIGNED-PAYLOAD-TRAILER", "AWS4-HMAC-SHA256-PAYLOAD"
OF_A_CHUNK = b";chunk-signature=" + b"0" * 64
FRAMED = b"5\r\nhel\r\n\r\n3\r\nlo!\r\n0\r\n\r\n"
FRAMED_AND_SIGNED = FRAMED.replace(b"5\r\n", b"5" + OF_A_CHUNK + b"\r\n")
FRAMED_AND_SIGNED = FRAMED_AND_SIGNED.replace(b"3\r\n", b"3" + OF_A_CHUNK + b"\r\n")
FRAMED_AND_SIGNED = FRAMED_AND_SIGNED.replace(b"0\r\n\r\n", b"0" + OF_A_CHUNK + b"\r\n\r\n")
TRAILER = b"x-amz-checksum-crc32:%s\r\nx-amz-trailer-signature:0\r\n\r\n"
RIGHT, WRONG = (base64.b64encode(zlib.crc32(body).to_bytes(4, "big")) for body in (b"hel\r\nlo!", b"another"))


@pytest.mark.parametrize(
    ("form", "body"),
    [
        *((PLAIN, FRAMED), (PLAIN, FRAMED[:-2] + TRAILER % RIGHT), (SIGNED, FRAMED_AND_SIGNED)),
        (f"{SIGNED}-TRAILER", FRAMED_AND_SIGNED[:-2] + TRAILER % RIGHT),
    ],
    ids=["plain", "plain, with a trailer", "signed", "signed, with a trailer"],
)
def test_what_the_chunks_hold_is_stored(cloud: Cloud, s3: Any, bucket: str, form: str, body: bytes) -> None:
    assert sent_in_chunks(cloud, s3, bucket, form, body, "8") == (200, b"hel\r\nlo!")
    assert "aws-chunked" not in s3.head_object(Bucket=bucket, Key="framed").get("ContentEncoding", "")
    assert sent_in_chunks(cloud, s3, bucket, form, body, None) == (411, b"old")
    for length in ("7", "9", "0"):
        assert sent_in_chunks(cloud, s3, bucket, form, body, length) == (400, b"old")
    for cut in (body[:4], body[: body.index(b"lo!") + 3]):
        assert sent_in_chunks(cloud, s3, bucket, form, cut, "8") == (400, b"old")


def test_chunks_with_another_checksum_in_the_trailer_are_refused(cloud: Cloud, s3: Any, bucket: str) -> None:
    for form, body in ((PLAIN, FRAMED), (f"{SIGNED}-TRAILER", FRAMED_AND_SIGNED)):
        assert sent_in_chunks(cloud, s3, bucket, form, body[:-2] + TRAILER % WRONG, "8") == (400, b"old")
    ecdsa = "AWS4-ECDSA-P256-SHA256-PAYLOAD"
    assert sent_in_chunks(cloud, s3, bucket, ecdsa, FRAMED_AND_SIGNED, "8") == (501, b"old")
