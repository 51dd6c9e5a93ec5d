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
    """The secrets of one stack in a region, whose names begin with `prefix`; callers and messages leave it out.

    `endpoint` overrides that of AWS, credentials come from boto3's default chain.
    """

    def __init__(self, region: str, endpoint: str | None, prefix: str, cache_seconds: float) -> None:
        self._prefix = prefix
        self._cache_seconds = cache_seconds
        self._client = boto3.client(
            "secretsmanager",
            region_name=region,
            endpoint_url=endpoint or None,
            config=Config(retries={"mode": "standard", "max_attempts": 3}, connect_timeout=2, read_timeout=5),
        )
        self._cache: dict[str, tuple[float, str, str | None]] = {}
        """When it was read, the current value, and the one before if anybody has asked for it."""

    async def value(self, reference: str) -> str:
        """The current text of `name`, or of the member of `name#member` (secret_text.py); raises SecretUnavailable.

        With `:AWSPREVIOUS` at the end the value before the last rotation; "" if there was none.
        """
        reference, _, stage = reference.partition(":")
        name, _, member = reference.partition("#")
        cached_at, current, previous = self._cache.get(name, (-self._cache_seconds, "", None))
        if time.monotonic() - cached_at > self._cache_seconds or (stage and previous is None):
            # In this order: a rotation in between gives the same value twice. In the other one the value would be
            # missing that everybody still uses.
            current = await asyncio.to_thread(self._read, name, "AWSCURRENT")
            if stage or previous is not None:
                previous = await asyncio.to_thread(self._read, name, "AWSPREVIOUS")
            self._cache[name] = (time.monotonic(), current, previous)
        text = (previous or "") if stage else current
        if stage and not text:
            return ""
        try:
            return member_text(text, member) if member else checked(text)
        except NoText as error:
            raise SecretUnavailable(f"secret {reference} {error}") from error

    def _read(self, name: str, stage: str) -> str:
        try:
            response = self._client.get_secret_value(SecretId=f"{self._prefix}{name}", VersionStage=stage)
        except ClientError as error:
            details = error.response.get("Error", {})
            if stage == "AWSPREVIOUS" and details.get("Code") == "ResourceNotFoundException":
                return ""
            raise SecretUnavailable(f"secret {name}: {details.get('Code')}: {details.get('Message')}") from error
        except BotoCoreError as error:
            raise SecretUnavailable(f"secret {name}: AWS does not answer: {error}") from error
        if "SecretString" not in response and stage == "AWSPREVIOUS":
            return ""
        if "SecretString" not in response:
            raise SecretUnavailable(f"secret {name} is binary; a variable needs text")
        return response["SecretString"]
