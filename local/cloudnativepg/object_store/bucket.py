"""The objects below a folder of a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from botocore.exceptions import BotoCoreError, ClientError

_CHUNK = 1 << 20


class Refused(Exception):
    """The object store did not do what was asked; the message says what it answered."""


class Missing(Exception):
    """There is no such object in the bucket, which exists."""


class Bucket:
    """Keys are relative to `folder`. Every method raises Refused."""

    def __init__(self, client: Any, name: str, folder: str) -> None:
        self._client, self._name, self._folder = client, name, f"{folder}/" if folder else ""

    def keys(self, prefix: str) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2")
        try:
            found = pages.paginate(Bucket=self._name, Prefix=self._folder + prefix)
            return [item["Key"].removeprefix(self._folder) for page in found for item in page.get("Contents", [])]
        except (ClientError, BotoCoreError) as error:
            raise self._refused(error) from error

    def put(self, key: str, body: IO[bytes]) -> None:
        try:
            self._client.upload_fileobj(body, self._name, self._folder + key)
        except Exception as error:  # S3UploadFailedError is none of boto's own classes of errors
            raise self._refused(error) from error

    def get(self, key: str) -> Iterator[bytes]:
        """Raises Missing."""
        try:
            return self._client.get_object(Bucket=self._name, Key=self._folder + key)["Body"].iter_chunks(_CHUNK)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "NoSuchKey":
                raise Missing(key) from error
            raise self._refused(error) from error
        except BotoCoreError as error:
            raise self._refused(error) from error

    def delete(self, key: str) -> None:
        try:
            self._client.delete_object(Bucket=self._name, Key=self._folder + key)
        except (ClientError, BotoCoreError) as error:
            raise self._refused(error) from error

    def _refused(self, error: Exception) -> Refused:
        return Refused(f"s3://{self._name}: {error}")
