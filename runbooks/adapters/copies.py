"""Copies of journals in a region's backup bucket: another machine goes on from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from botocore.exceptions import ClientError

from runbooks.adapters.aws import CONFIG, Connect, answers
from runbooks.journal import JournalsDiffer, prefix

_EXISTS = ("PreconditionFailed", "412", "ConditionalRequestConflict")


class BucketCopy:
    def __init__(self, connect: Connect, region: str, bucket: str) -> None:
        self._connect, self._region, self._bucket = connect, region, bucket

    def put(self, key: str, line: bytes) -> None:
        """Once: what another machine has put there stays. Raises JournalsDiffer then, and boto3's errors."""
        s3 = self._s3()
        try:
            s3.put_object(Bucket=self._bucket, Key=key, Body=line, IfNoneMatch="*")
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _EXISTS:
                raise
            if s3.get_object(Bucket=self._bucket, Key=key)["Body"].read() != line:
                raise JournalsDiffer(f"s3://{self._bucket}/{key} has another line") from error

    def lines(self, execution: str) -> Mapping[int, bytes]:
        """By number. Raises Unreachable and Refused."""
        with answers(f"s3://{self._bucket}, {self._region}"):
            s3 = self._s3()
            keys = list(self._keys(s3, prefix(execution)))
            return {
                int(PurePosixPath(key).stem): s3.get_object(Bucket=self._bucket, Key=key)["Body"].read() for key in keys
            }

    def _keys(self, s3: Any, prefix: str) -> Iterator[str]:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            yield from (one["Key"] for one in page.get("Contents", []))

    def _s3(self) -> Any:
        return self._connect("s3", self._region, CONFIG)
