"""Values of AWS Secrets Manager, remembered for a short while: many resources name the same secret."""

from __future__ import annotations

import asyncio
import json
import time

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError


class SecretUnavailable(Exception):
    """The secret does not exist, has no such member, or AWS does not answer; the text says which."""


class SecretsManager:
    """The secrets of one region. AWS_ENDPOINT_URL and the default credentials chain decide whom it asks."""

    def __init__(self, region: str, endpoint: str | None, remembered_seconds: float) -> None:
        self._remembered_seconds = remembered_seconds
        self._client = boto3.client(
            "secretsmanager",
            region_name=region,
            endpoint_url=endpoint or None,
            config=Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=3, read_timeout=10),
        )
        self._remembered: dict[str, tuple[float, str]] = {}

    async def value(self, reference: str) -> str:
        """The current value of `name`, or of the member of `name#member`; raises SecretUnavailable."""
        name, _, member = reference.partition("#")
        since, text = self._remembered.get(name, (-self._remembered_seconds, ""))
        if time.monotonic() - since > self._remembered_seconds:
            text = await asyncio.to_thread(self._read, name)
            self._remembered[name] = (time.monotonic(), text)
        if not member:
            return text
        try:
            return str(json.loads(text)[member])
        except (ValueError, KeyError, TypeError) as error:
            raise SecretUnavailable(f"secret {name} is no JSON object with the member {member}") from error

    def _read(self, name: str) -> str:
        try:
            answer = self._client.get_secret_value(SecretId=name)
        except ClientError as error:
            said = error.response.get("Error", {})
            raise SecretUnavailable(f"secret {name}: {said.get('Code')}: {said.get('Message')}") from error
        except BotoCoreError as error:
            raise SecretUnavailable(f"secret {name}: AWS does not answer: {error}") from error
        if "SecretString" not in answer:
            raise SecretUnavailable(f"secret {name} holds bytes; a variable needs text")
        return answer["SecretString"]
