"""The bucket of the snapshots of streams' states: who took the newest, and the deletion of a stream that is deleted."""

from __future__ import annotations

import asyncio

import boto3
import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from contracts.decoding import of_others


class SnapshotsKept(Exception):
    """S3 does not answer, or refuses; what was not deleted is as it was."""


class _Manifest(msgspec.Struct):
    software: str


_manifest = of_others(msgspec.json.Decoder(_Manifest).decode)


class StateBucket:
    """`endpoint` overrides that of AWS, credentials come from boto3's default chain."""

    def __init__(self, region: str, endpoint: str | None) -> None:
        self._client = boto3.client(
            "s3",
            region_name=region,
            endpoint_url=endpoint or None,
            config=Config(retries={"mode": "standard", "max_attempts": 3}, connect_timeout=2, read_timeout=10),
        )

    async def software(self, bucket: str, prefix: str) -> str:
        """The image that has the latest manifest of the stream's first partition (dataflows/biosync/state/manifest.py);
        empty if there is none, or S3 does not answer."""
        return await asyncio.to_thread(self._software, bucket, f"{prefix.strip('/')}/0000/manifests/")

    def _software(self, bucket: str, prefix: str) -> str:
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            keys = [item["Key"] for page in pages for item in page.get("Contents", []) if "Key" in item]
            if not keys:
                return ""
            latest = self._client.get_object(Bucket=bucket, Key=max(keys))["Body"].read()
            return _manifest(latest).software
        except (BotoCoreError, ClientError, msgspec.DecodeError):
            return ""

    async def delete(self, bucket: str, prefix: str) -> int:
        """Deletes all objects below `prefix`; how many. Versions of them stay for as long as the bucket keeps them.

        Raises SnapshotsKept.
        """
        return await asyncio.to_thread(self._delete, bucket, f"{prefix.strip('/')}/")

    def _delete(self, bucket: str, prefix: str) -> int:
        deleted = 0
        try:
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                keys = [item["Key"] for item in page.get("Contents", []) if "Key" in item]
                if not keys:
                    continue
                answer = self._client.delete_objects(
                    Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True}
                )
                if errors := answer.get("Errors"):
                    raise SnapshotsKept(f"s3://{bucket}/{errors[0].get('Key')}: {errors[0].get('Message')}")
                deleted += len(keys)
        except (BotoCoreError, ClientError) as error:
            raise SnapshotsKept(f"s3://{bucket}/{prefix}: {error}") from error
        return deleted
