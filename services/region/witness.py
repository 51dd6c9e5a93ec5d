"""The lease's object in the witness bucket, by S3's conditional writes."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import boto3
import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from contracts.lease import LEASE_KEY, Found, Missing, Write, clock_error, decode, encode

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TIMEOUT_SECONDS = 2.0
"""Of a request: several fit into a term. A write whose answer is lost is repeated after the next look."""
_CONFLICTS = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}
"""S3's codes for a write whose condition did not hold; the last one is of If-Match to what is gone."""


class WitnessUnavailable(Exception):
    """The witness did not answer, or not with a lease, or the clocks differ; the text says what is wrong."""


class Witness:
    """Its calls block for TIMEOUT_SECONDS at most, to connect and again to read."""

    def __init__(self, bucket: str, region: str, endpoint: str = "") -> None:
        """`endpoint` is that of the AWS API, "" the default."""
        self.bucket = bucket
        config = Config(
            connect_timeout=TIMEOUT_SECONDS, read_timeout=TIMEOUT_SECONDS, retries={"total_max_attempts": 1}
        )
        self._s3: S3Client = boto3.client("s3", region_name=region, endpoint_url=endpoint or None, config=config)

    def look(self) -> Found | Missing:
        """What is there now. Raises WitnessUnavailable, also if this machine's clock and the witness's differ."""
        sent = time.time()
        try:
            answer: Any = self._s3.get_object(Bucket=self.bucket, Key=LEASE_KEY)
            found: Found | Missing = Found(decode(answer["Body"].read()), answer["ETag"])
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "NoSuchKey":
                raise WitnessUnavailable(f"the witness refused: {error}") from error
            answer = error.response
            found = Missing(deleted=_headers(answer).get("x-amz-delete-marker") == "true")
        except msgspec.DecodeError as error:
            raise WitnessUnavailable(f"{LEASE_KEY} is no lease: {error}; restore its last version") from error
        except (BotoCoreError, OSError) as error:
            raise WitnessUnavailable(f"the witness does not answer: {error}") from error
        date = parsedate_to_datetime(_headers(answer)["date"]).timestamp()
        if wrong := clock_error(sent, date, time.time()):
            raise WitnessUnavailable(f"{wrong}: set the node's clock")
        return found

    def write(self, write: Write) -> bool:
        """Whether S3 confirmed it; False if something else was written meanwhile. Raises WitnessUnavailable when it is
        not known, too."""
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if write.etag is None else {"IfMatch": write.etag}
        try:
            self._s3.put_object(
                Bucket=self.bucket,
                Key=LEASE_KEY,
                Body=encode(write.lease),
                ContentType="application/json",
                **condition,
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _CONFLICTS:
                return False
            raise WitnessUnavailable(f"the witness refused: {error}") from error
        except (BotoCoreError, OSError) as error:
            raise WitnessUnavailable(f"the witness does not answer: {error}") from error
        return True


def _headers(answer: Any) -> dict[str, str]:
    return answer["ResponseMetadata"]["HTTPHeaders"]
