"""Objects of the witness bucket, by S3's conditional writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TIMEOUT_SECONDS = 2.0
"""Of a request: several fit into a lease's term. What was not read or written is tried again at the next turn."""
_CONFLICTS = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}
"""S3's codes for a write whose condition did not hold; the last one is of If-Match to what is gone."""


class WitnessUnavailable(Exception):
    """The witness did not answer, or not as it should; the text says what is wrong."""


@dataclass(frozen=True)
class Read:
    """An object, or None where there is none; `headers` are those of S3's answer, in lower case."""

    body: bytes | None
    etag: str | None
    headers: Mapping[str, str]


class WitnessBucket:
    """Its calls block for TIMEOUT_SECONDS at most, to connect and again to read. All raise WitnessUnavailable."""

    def __init__(self, bucket: str, region: str, endpoint: str = "") -> None:
        """`endpoint` is that of the AWS API, "" the default."""
        self.bucket = bucket
        config = Config(
            connect_timeout=TIMEOUT_SECONDS, read_timeout=TIMEOUT_SECONDS, retries={"total_max_attempts": 1}
        )
        self._s3: S3Client = boto3.client("s3", region_name=region, endpoint_url=endpoint or None, config=config)

    def read(self, key: str) -> Read:
        try:
            answer: Any = self._s3.get_object(Bucket=self.bucket, Key=key)
            return Read(answer["Body"].read(), answer["ETag"], _headers(answer))
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "NoSuchKey":
                return Read(None, None, _headers(error.response))
            raise WitnessUnavailable(f"the witness refused: {error}") from error
        except (BotoCoreError, OSError) as error:
            raise WitnessUnavailable(f"the witness does not answer: {error}") from error

    def write(self, key: str, body: bytes, etag: str | None) -> bool:
        """Whether S3 took it, over what has this ETag or where nothing is; False if something else was written
        meanwhile. After WitnessUnavailable it may have been written."""
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        try:
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType="application/json", **condition)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _CONFLICTS:
                return False
            raise WitnessUnavailable(f"the witness refused: {error}") from error
        except (BotoCoreError, OSError) as error:
            raise WitnessUnavailable(f"the witness does not answer: {error}") from error
        return True


def _headers(answer: Any) -> Mapping[str, str]:
    return answer["ResponseMetadata"]["HTTPHeaders"]
