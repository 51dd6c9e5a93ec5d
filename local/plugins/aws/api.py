"""AWS calls by operation name, for one provider instance's region and credentials."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any

from local.plugins.provider.base import ProviderError
from local.plugins.provider.values import Values

if TYPE_CHECKING:
    from botocore.model import OperationModel

_NOT_FOUND = ("NotFound", "NoSuch", "DoesNotExist", "NonExistent", "404")
_DONE = ("AlreadyAssociated",)


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


class AwsApi:
    """Clients, created on first use. The endpoint, and settings that are absent, come from the environment."""

    def __init__(self, settings: Values) -> None:
        self._settings = settings
        self._lock = threading.RLock()
        self._clients: dict[tuple[str, str], Any] = {}

    @property
    def region(self) -> str:
        region = self._settings.get("region") or self._session.region_name
        if not region:
            raise ProviderError("no AWS region: set aws:region in the stack's configuration")
        return region

    def operation(self, service: str, name: str) -> OperationModel:
        with self._lock:
            return self._session._session.get_service_model(service).operation_model(name)

    def call(self, service: str, operation: str, params: Values, region: str | None = None) -> Any:
        """The response without its metadata. Raises ApiError."""
        from botocore import xform_name
        from botocore.exceptions import BotoCoreError, ClientError

        client = self._client(service, region or self.region)
        try:
            answer = getattr(client, xform_name(operation))(**params)
        except ClientError as error:
            detail = error.response.get("Error", {})
            raise ApiError(operation, detail.get("Code", "?"), detail.get("Message", "")) from error
        except BotoCoreError as error:
            raise ProviderError(f"{operation}: {error}") from error
        answer.pop("ResponseMetadata", None)
        return answer

    @functools.cached_property
    def _session(self) -> Any:
        import boto3

        names = {"accessKey": "aws_access_key_id", "secretKey": "aws_secret_access_key", "token": "aws_session_token"}
        credentials = {to: self._settings[name] for name, to in names.items() if self._settings.get(name)}
        with self._lock:
            return boto3.Session(profile_name=self._settings.get("profile"), **credentials)

    def _client(self, service: str, region: str) -> Any:
        from botocore.config import Config

        with self._lock:
            if (service, region) not in self._clients:
                config = Config(retries={"mode": "standard", "max_attempts": 10}, max_pool_connections=32)
                self._clients[service, region] = self._session.client(service, region_name=region, config=config)
            return self._clients[service, region]
