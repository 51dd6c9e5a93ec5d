"""Uploads of recordings straight to S3: the service presigns each part, S3 verifies its digest.

A part's SHA-256 is among the signed headers of its URL, so neither the editor's browser nor whoever finds the URL can
store anything else there.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")
URL_SECONDS = 3600
TIMEOUT_SECONDS = 5.0
_CONFIG = Config(
    connect_timeout=TIMEOUT_SECONDS,
    read_timeout=TIMEOUT_SECONDS,
    retries={"total_max_attempts": 2},
    signature_version="s3v4",
    request_checksum_calculation="when_required",
)
_OURS = {"InvalidPart", "InvalidPartOrder", "EntityTooSmall", "BadDigest", "InvalidRequest", "NoSuchUpload"}
"""S3's codes for an upload that is not complete, or not any more."""


class BucketUnavailable(Exception):
    """S3 does not answer, or refuses this service."""


class NotUploaded(Exception):
    """Not every part is there, or not as it was announced; what was uploaded stays."""


class Bucket:
    """Recordings in `name`; `endpoint` is that of the AWS API, "" the default."""

    def __init__(self, name: str, region: str, endpoint: str = "") -> None:
        self._name = name
        self._s3: S3Client = boto3.client(
            "s3", region_name=region or None, endpoint_url=endpoint or None, config=_CONFIG
        )

    async def begin(self, key: str, content_type: str) -> str:
        """The id of a multipart upload that becomes the object `key`."""
        answer = await _in_thread(
            lambda: self._s3.create_multipart_upload(
                Bucket=self._name, Key=key, ContentType=content_type, ChecksumAlgorithm="SHA256"
            )
        )
        return answer["UploadId"]

    async def part(self, key: str, upload: str, number: int, size: int, sha256: str) -> tuple[str, dict[str, str]]:
        """URL and headers with which part `number`, from 1, is PUT; `sha256` is in hexadecimal."""
        digest = _base64(sha256)
        given: dict[str, Any] = {"Bucket": self._name, "Key": key, "UploadId": upload, "PartNumber": number}
        given |= {"ChecksumSHA256": digest, "ContentLength": size}
        url = await _in_thread(lambda: self._s3.generate_presigned_url("upload_part", given, ExpiresIn=URL_SECONDS))
        return url, {"x-amz-checksum-sha256": digest, "content-length": str(size)}

    async def complete(self, key: str, upload: str, parts: Sequence[tuple[str, str]]) -> None:
        """Makes the object of all parts, each with its ETag and SHA-256; raises NotUploaded."""
        listed: Any = [
            {"PartNumber": number, "ETag": etag, "ChecksumSHA256": _base64(sha256)}
            for number, (etag, sha256) in enumerate(parts, 1)
        ]
        await _in_thread(
            lambda: self._s3.complete_multipart_upload(
                Bucket=self._name, Key=key, UploadId=upload, MultipartUpload={"Parts": listed}
            )
        )

    async def exists(self, key: str) -> bool:
        try:
            await _in_thread(lambda: self._s3.head_object(Bucket=self._name, Key=key))
        except NotUploaded:
            return False
        return True


def _base64(sha256: str) -> str:
    return base64.b64encode(bytes.fromhex(sha256)).decode()


async def _in_thread(call: Callable[[], T]) -> T:
    """boto3 blocks; raises NotUploaded and BucketUnavailable."""
    try:
        return await asyncio.to_thread(call)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _OURS or code in {"404", "NoSuchKey"}:
            raise NotUploaded(error.response.get("Error", {}).get("Message", code)) from error
        raise BucketUnavailable(f"S3 refused: {code}") from error
    except (BotoCoreError, OSError) as error:
        raise BucketUnavailable(f"S3 does not answer: {error}") from error
