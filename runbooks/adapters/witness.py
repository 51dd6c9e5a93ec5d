"""The witness: a bucket in a third region, in which every write has a condition."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import ClientError

from runbooks.adapters.aws import CONFIG, Connect, answers
from runbooks.ports import Refused, Stored, Unreachable

_RACED = ("PreconditionFailed", "412", "ConditionalRequestConflict", "NoSuchKey")


class NoWitness(Refused):
    """There is no such bucket: the stack was never deployed, or its domain is another one."""


class WitnessBucket:
    def __init__(self, connect: Connect, region: str, bucket: str) -> None:
        self._s3, self._bucket = connect("s3", region, CONFIG), bucket
        self._name = f"the witness (s3://{bucket}, {region})"

    def read(self, key: str) -> Stored | None:
        with answers(self._name):
            try:
                answer = self._s3.get_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code")
                if code in ("NoSuchKey", "404"):
                    return None
                if code == "NoSuchBucket":
                    raise NoWitness(f"{self._name} does not exist: `pulumi up` makes it") from error
                raise
            return Stored(answer["Body"].read(), answer["ETag"], self._clock(answer))

    def write(self, key: str, body: bytes, etag: str | None) -> str:
        condition = {"IfMatch": etag} if etag is not None else {"IfNoneMatch": "*"}
        with answers(self._name, outrun=_RACED):
            return self._s3.put_object(Bucket=self._bucket, Key=key, Body=body, **condition)["ETag"]

    def _clock(self, answer: dict[str, Any]) -> float:
        text = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        if not text:
            raise Unreachable(f"{self._name} answered without a date, by which leases expire")
        return parsedate_to_datetime(text).timestamp()
