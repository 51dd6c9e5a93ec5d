"""Objects of the witness bucket, by S3's conditional writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TIMEOUT_SECONDS = 2.0
"""Of a request: a sample that cannot be written is given up for the next one."""
_CONFLICTS = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}


class WitnessUnavailable(Exception):
    """The witness did not answer, or refused; the text says which."""


@dataclass(frozen=True)
class Stored:
    body: bytes
    etag: str


class Witness:
    """Its calls block for TIMEOUT_SECONDS at most, to connect and again to read. All raise WitnessUnavailable."""

    def __init__(self, bucket: str, region: str, endpoint: str = "") -> None:
        """`endpoint` is that of the AWS API, "" the default."""
        self._bucket = bucket
        config = Config(
            connect_timeout=TIMEOUT_SECONDS, read_timeout=TIMEOUT_SECONDS, retries={"total_max_attempts": 1}
        )
        self._s3: S3Client = boto3.client("s3", region_name=region, endpoint_url=endpoint or None, config=config)

    def read(self, key: str) -> Stored | None:
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=key)
            return Stored(answer["Body"].read(), answer["ETag"])
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "NoSuchKey":
                return None
            raise WitnessUnavailable(f"the witness refused: {error}") from error
        except (BotoCoreError, OSError) as error:
            raise WitnessUnavailable(f"the witness does not answer: {error}") from error

    def write(self, key: str, body: bytes, etag: str | None) -> bool:
        """Whether S3 took it: over what has this ETag, or where nothing is."""
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        try:
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType="application/json", **condition)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _CONFLICTS:
                return False
            raise WitnessUnavailable(f"the witness refused: {error}") from error
        except (BotoCoreError, OSError) as error:
            raise WitnessUnavailable(f"the witness does not answer: {error}") from error
        return True
