"""The objects of one partition in S3."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from dataflows.biosync.state.manifest import Damaged, Foreign, Manifest, Object, decode, encode, verified

_CONFIG = Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 1}, max_pool_connections=8)
_PAGE = 1000


class BucketUnavailable(RuntimeError):
    """S3 gives no answer, or one that may be another next time. Nothing is lost: the same is tried again."""


class Superseded(RuntimeError):
    """Somebody else has the manifest that this one was about to write."""


class PartitionBucket:
    """The objects below `prefix` of `bucket`; every method raises BucketUnavailable."""

    def __init__(self, s3: Any, bucket: str, prefix: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._prefix = prefix.strip("/")

    @property
    def url(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}/"

    def manifests(self) -> list[Manifest | Foreign]:
        """Those of all epochs, the latest first."""
        return [decode(epoch, self._get(_manifest(epoch))) for epoch in reversed(self._epochs(""))]

    def later_epoch(self, epoch: int) -> int | None:
        """The latest epoch after this one, if any has begun."""
        later = self._epochs(_manifest(epoch))
        return later[-1] if later else None

    def create(self, manifest: Manifest) -> str:
        """Begin its epoch; returns the ETag. Raises Superseded when the epoch has begun already."""
        return self._put_manifest(manifest, IfNoneMatch="*")

    def replace(self, manifest: Manifest, etag: str) -> str:
        """Replace the manifest with this ETag; returns the new one. Raises Superseded when another is there."""
        return self._put_manifest(manifest, IfMatch=etag)

    def write(self, name: str, data: bytes) -> None:
        """A segment, under a name that nobody else writes."""
        with _answers():
            self._s3.put_object(Bucket=self._bucket, Key=self._key(_segment(name)), Body=data)

    def read(self, object: Object) -> bytes:
        """A segment; raises Damaged."""
        try:
            data = self._get(_segment(object.name))
        except _Missing:
            raise Damaged(f"segment {object.name} is missing") from None
        return verified(object, data)

    def segments(self) -> list[tuple[str, int]]:
        """Names of all, with the time of their writing in Unix ms."""
        return self._list("segments/", "")

    def delete_segments(self, names: Iterable[str]) -> None:
        self._delete(_segment(name) for name in names)

    def delete_manifests(self, before: int) -> None:
        """Those of epochs before this one."""
        self._delete(_manifest(epoch) for epoch in self._epochs("") if epoch < before)

    def _put_manifest(self, manifest: Manifest, **condition: str) -> str:
        key, data = _manifest(manifest.epoch), encode(manifest)
        try:
            with _answers():
                answer = self._s3.put_object(Bucket=self._bucket, Key=self._key(key), Body=data, **condition)
            return answer["ETag"]
        except _Missing as error:
            raise Superseded(f"{self.url}{key} is gone") from error
        except Superseded:
            found = self._head(key)
            if found is not None and found[0] == data:  # an attempt of ours got there, and its answer did not
                return found[1]
            raise

    def _head(self, key: str) -> tuple[bytes, str] | None:
        try:
            with _answers():
                answer = self._s3.get_object(Bucket=self._bucket, Key=self._key(key))
                return answer["Body"].read(), answer["ETag"]
        except _Missing:
            return None

    def _get(self, key: str) -> bytes:
        found = self._head(key)
        if found is None:
            raise _Missing(key)
        return found[0]

    def _epochs(self, after: str) -> list[int]:
        return [int(name) for name, _ in self._list("manifests/", after)]

    def _list(self, folder: str, after: str) -> list[tuple[str, int]]:
        at = self._key(folder)
        with _answers():
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=at, **({"StartAfter": self._key(after)} if after else {})
            )
            return [
                (one["Key"].removeprefix(at), int(one["LastModified"].timestamp() * 1000))
                for page in pages
                for one in page.get("Contents", [])
            ]

    def _delete(self, keys: Iterable[str]) -> None:
        objects = [{"Key": self._key(key)} for key in keys]
        for first in range(0, len(objects), _PAGE):
            with _answers():
                self._s3.delete_objects(Bucket=self._bucket, Delete={"Objects": objects[first : first + _PAGE]})

    def _key(self, key: str) -> str:
        return f"{self._prefix}/{key}"


def partition_buckets(bucket: str, prefix: str, region: str) -> Callable[[int], PartitionBucket]:
    """The objects of each partition of the stream with this prefix, in the bucket's region, with the credentials of the
    Pod."""
    s3 = boto3.client("s3", region_name=region or None, config=_CONFIG)
    return lambda partition: PartitionBucket(s3, bucket, f"{prefix.strip('/')}/{partition:04d}")


class _Missing(BucketUnavailable):
    """No such object; where one is expected, it may be on its way from the other region."""


@contextmanager
def _answers() -> Iterator[None]:
    """Translates the errors of a request."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in ("NoSuchKey", "404"):
            raise _Missing(str(error)) from error
        if code in ("PreconditionFailed", "412"):
            raise Superseded(str(error)) from error
        raise BucketUnavailable(str(error)) from error
    except (BotoCoreError, OSError) as error:
        raise BucketUnavailable(str(error)) from error


def _manifest(epoch: int) -> str:
    return f"manifests/{epoch:012d}"


def _segment(name: str) -> str:
    return f"segments/{name}"
