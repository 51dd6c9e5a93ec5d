"""Values of AWS Secrets Manager, cached for a short time: many resources name the same secret."""

from __future__ import annotations

import asyncio
import time

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from operators.adapters.aws.secret_sharing import owner, readers, refusal
from operators.adapters.aws.secret_text import NoText, checked, member_text


class SecretUnavailable(Exception):
    """The secret does not exist, has no such member or no usable text, or AWS does not answer; the text says which."""

    reason = "SecretUnavailable"


class SecretNotShared(Exception):
    """The secret belongs to another, which does not share it; the text says whose it is and what to do."""

    reason = "SecretNotShared"


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
        self._readers: dict[str, tuple[float, frozenset[str]]] = {}
        """When a secret's tags were read, and with whom it is shared."""

    async def value_for(self, reader: str, reference: str) -> str:
        """`value` for the AuraService or BioStream `reader`; raises SecretNotShared, too (secret_sharing.py)."""
        name = reference.partition(":")[0].partition("#")[0]
        shared_with = frozenset[str]() if reader == owner(name) else await self._shared_with(name)
        if refused := refusal(name, reader, shared_with):
            raise SecretNotShared(refused)
        return await self.value(reference)

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

    async def _shared_with(self, name: str) -> frozenset[str]:
        read_at, known = self._readers.get(name, (-self._cache_seconds, frozenset()))
        if time.monotonic() - read_at > self._cache_seconds:
            known = await asyncio.to_thread(self._tagged_readers, name)
            self._readers[name] = (time.monotonic(), known)
        return known

    def _tagged_readers(self, name: str) -> frozenset[str]:
        try:
            tags = self._client.describe_secret(SecretId=f"{self._prefix}{name}").get("Tags", [])
        except (ClientError, BotoCoreError) as error:
            raise SecretUnavailable(_told(name, error)) from error
        return readers({tag.get("Key", ""): tag.get("Value", "") for tag in tags})

    def _read(self, name: str, stage: str) -> str:
        try:
            response = self._client.get_secret_value(SecretId=f"{self._prefix}{name}", VersionStage=stage)
        except ClientError as error:
            if stage == "AWSPREVIOUS" and error.response.get("Error", {}).get("Code") == "ResourceNotFoundException":
                return ""
            raise SecretUnavailable(_told(name, error)) from error
        except BotoCoreError as error:
            raise SecretUnavailable(_told(name, error)) from error
        if "SecretString" not in response and stage == "AWSPREVIOUS":
            return ""
        if "SecretString" not in response:
            raise SecretUnavailable(f"secret {name} is binary; a variable needs text")
        return response["SecretString"]


def _told(name: str, error: ClientError | BotoCoreError) -> str:
    if isinstance(error, BotoCoreError):
        return f"secret {name}: AWS does not answer: {error}"
    details = error.response.get("Error", {})
    return f"secret {name}: {details.get('Code')}: {details.get('Message')}"
