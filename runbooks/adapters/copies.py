"""Copies of journals in a region's backup bucket: another machine goes on from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runbooks.adapters.aws import CONFIG, Connect, answers


class BucketCopy:
    def __init__(self, connect: Connect, region: str, bucket: str) -> None:
        self._connect, self._region, self._bucket = connect, region, bucket

    def put(self, key: str, line: bytes) -> None:
        self._s3().put_object(Bucket=self._bucket, Key=key, Body=line)

    def lines(self, prefix: str) -> list[bytes]:
        """What lies under the prefix, in the order of the keys. Raises Unreachable and Refused."""
        with answers(f"s3://{self._bucket}, {self._region}"):
            s3 = self._s3()
            return [
                s3.get_object(Bucket=self._bucket, Key=key)["Body"].read() for key in sorted(self._keys(s3, prefix))
            ]

    def _keys(self, s3: Any, prefix: str) -> Iterator[str]:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            yield from (one["Key"] for one in page.get("Contents", []))

    def _s3(self) -> Any:
        return self._connect("s3", self._region, CONFIG)
