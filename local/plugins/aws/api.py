"""AWS calls by operation name, for one provider instance's region and credentials."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from local.plugins.provider.base import ProviderError
from local.plugins.provider.values import Values

if TYPE_CHECKING:
    from botocore.model import OperationModel

_NOT_FOUND = ("NotFound", "NoSuch", "DoesNotExist", "NonExistent", "Nonexistent", "404")
_DONE = ("AlreadyAssociated",)
_TRY_AGAIN = (429, 500, 502, 503, 504)
_ATTEMPTS = 11


class ApiError(ProviderError):
    """An error response of AWS; `code` is its error code."""

    def __init__(self, operation: str, code: str, message: str) -> None:
        super().__init__(f"{operation}: {code}: {message}")
        self.code = code

    @property
    def is_not_found(self) -> bool:
        return any(word in self.code for word in _NOT_FOUND)

    @property
    def is_done(self) -> bool:
        """Whether the call asks for what is so already."""
        return any(word in self.code for word in _DONE)


class AnswerLost(ProviderError):
    """AWS may have carried the call out or not: no answer came, or one that asks for a repetition."""


class AwsApi:
    """Clients, created on first use. The endpoint, and settings that are absent, come from the environment."""

    def __init__(self, settings: Values) -> None:
        self._settings = settings
        self._lock = threading.RLock()
        self._made: Any = None
        self._clients: dict[tuple[str, str, int], Any] = {}

    @property
    def region(self) -> str:
        region = self._settings.get("region") or self._session.region_name
        if not region:
            raise ProviderError("no AWS region: set aws:region in the stack's configuration")
        return region

    def operation(self, service: str, name: str) -> OperationModel:
        with self._lock:
            return self._session._session.get_service_model(service).operation_model(name)

    def call(
        self, service: str, operation: str, params: Values, region: str | None = None, attempts: int = _ATTEMPTS
    ) -> Any:
        """The response without its metadata, a list with all of its pages. Raises ApiError, or AnswerLost after the
        last of the attempts.

        A call that makes another resource every time must have one attempt: its caller looks what there is first.
        """
        from botocore import xform_name
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

        client = self._client(service, region or self.region, attempts)
        try:
            name = xform_name(operation)
            if client.can_paginate(name):
                answer = client.get_paginator(name).paginate(**params).build_full_result()
            else:
                answer = getattr(client, name)(**params)
        except ClientError as error:
            detail = error.response.get("Error", {})
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") in _TRY_AGAIN:
                raise AnswerLost(f"{operation}: {error}") from error
            raise ApiError(operation, detail.get("Code", "?"), detail.get("Message", "")) from error
        except HTTPClientError as error:
            raise AnswerLost(f"{operation}: {error}") from error
        except BotoCoreError as error:
            raise ProviderError(f"{operation}: {error}") from error
        answer.pop("ResponseMetadata", None)
        return answer

    @property
    def _session(self) -> Any:
        """Made once. One lock for session and clients: with two, threads that take them in turn wait for ever."""
        import boto3

        names = {"accessKey": "aws_access_key_id", "secretKey": "aws_secret_access_key", "token": "aws_session_token"}
        credentials = {to: self._settings[name] for name, to in names.items() if self._settings.get(name)}
        with self._lock:
            if self._made is None:
                self._made = boto3.Session(profile_name=self._settings.get("profile"), **credentials)
            return self._made

    def _client(self, service: str, region: str, attempts: int) -> Any:
        from botocore.config import Config

        key = service, region, attempts
        with self._lock:
            if key not in self._clients:
                config = Config(retries={"mode": "standard", "total_max_attempts": attempts}, max_pool_connections=32)
                self._clients[key] = self._session.client(service, region_name=region, config=config)
            return self._clients[key]
