"""Values of AWS Secrets Manager, cached for a short time: many resources name the same secret."""

from __future__ import annotations

import asyncio
import time

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from operators.adapters.aws.secret_text import NoText, checked, member_text


class SecretUnavailable(Exception):
    """The secret does not exist, has no such member or no usable text, or AWS does not answer; the text says which."""


class SecretsManager:
    """The secrets of one region; `endpoint` overrides that of AWS, credentials come from boto3's default chain."""

    def __init__(self, region: str, endpoint: str | None, cache_seconds: float) -> None:
        self._cache_seconds = cache_seconds
        self._client = boto3.client(
            "secretsmanager",
            region_name=region,
            endpoint_url=endpoint or None,
            config=Config(retries={"mode": "standard", "max_attempts": 3}, connect_timeout=2, read_timeout=5),
        )
        self._cache: dict[str, tuple[float, str]] = {}

    async def value(self, reference: str) -> str:
        """The current text of `name`, or of the member of `name#member` (secret_text.py); raises SecretUnavailable."""
        name, _, member = reference.partition("#")
        cached_at, text = self._cache.get(name, (-self._cache_seconds, ""))
        if time.monotonic() - cached_at > self._cache_seconds:
            text = await asyncio.to_thread(self._read, name)
            self._cache[name] = (time.monotonic(), text)
        try:
            return member_text(text, member) if member else checked(text)
        except NoText as error:
            raise SecretUnavailable(f"secret {reference} {error}") from error

    def _read(self, name: str) -> str:
        try:
            response = self._client.get_secret_value(SecretId=name)
        except ClientError as error:
            details = error.response.get("Error", {})
            raise SecretUnavailable(f"secret {name}: {details.get('Code')}: {details.get('Message')}") from error
        except BotoCoreError as error:
            raise SecretUnavailable(f"secret {name}: AWS does not answer: {error}") from error
        if "SecretString" not in response:
            raise SecretUnavailable(f"secret {name} is binary; a variable needs text")
        return response["SecretString"]
