"""Names and values of secrets, and secrets in their recovery window.

Source: AWS Secrets Manager API Reference, CreateSecret, PutSecretValue, UpdateSecret, DeleteSecret.
"""

from __future__ import annotations

import re
from typing import Any

from moto.secretsmanager.models import secretsmanager_backends

from local.cloud.context import ACCOUNT
from local.cloud.service.errors import AwsError
from local.cloud.strict.request import Rule, Rules, ServiceRequest, in_turn, refuse

_REFUSED = (
    *("PutSecretValue", "UpdateSecret", "UpdateSecretVersionStage", "TagResource", "UntagResource"),
    *("PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy", "CancelRotateSecret"),
)
_NAME = re.compile(r"[A-Za-z0-9/_+=.@!-]+")
_LONGEST_NAME = 512
_LARGEST = 65_536
"""Bytes of a value."""


def refusal_of_name(name: str) -> AwsError | None:
    """Why a secret cannot have this name; one that is empty is moto's to refuse."""
    if name and not _NAME.fullmatch(name):
        message = "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: "
        return AwsError("ValidationException", f"{message}-/_+=.@!", 400)
    if len(name) > _LONGEST_NAME:
        return _too_long("name", _LONGEST_NAME)
    return None


def refusal_of_value(inputs: dict[str, Any]) -> AwsError | None:
    """Why a secret cannot have the value that these inputs give; None when they give none."""
    text, binary = inputs.get("SecretString"), inputs.get("SecretBinary")
    if text is not None and binary is not None:
        message = "You can't specify both SecretString and SecretBinary in the same request."
        return AwsError("InvalidParameterException", message, 400)
    if text is not None and len(text.encode(errors="surrogatepass")) > _LARGEST:
        return _too_long("secretString", _LARGEST)
    if binary is not None and len(binary) > _LARGEST:
        return _too_long("secretBinary", _LARGEST)
    return None


def _too_long(member: str, most: int) -> AwsError:
    constraint = f"Member must have length less than or equal to {most}"
    message = f"1 validation error detected: Value at '{member}' failed to satisfy constraint: {constraint}"
    return AwsError("ValidationException", message, 400)


def _name(request: ServiceRequest) -> None:
    refuse(refusal_of_name(request.inputs.get("Name", "")))


def _value(request: ServiceRequest) -> None:
    refuse(refusal_of_value(request.inputs))


def _free(request: ServiceRequest) -> None:
    secrets = secretsmanager_backends[ACCOUNT][request.region].secrets
    name = request.inputs.get("Name")
    if any(secret.name == name and secret.is_deleted() for secret in dict.values(secrets)):
        message = "You can't create this secret because a secret with this name is already scheduled for deletion."
        raise AwsError("InvalidRequestException", message)


def _living(request: ServiceRequest) -> None:
    secret = secretsmanager_backends[ACCOUNT][request.region].secrets.get(request.inputs.get("SecretId", ""))
    if secret is not None and secret.is_deleted():
        message = "You can't perform this operation on the secret because it was marked for deletion."
        raise AwsError("InvalidRequestException", message)


_OF_OPERATIONS: dict[str, Rule] = {
    **dict.fromkeys(_REFUSED, _living),
    **{name: in_turn(_value, _living) for name in ("PutSecretValue", "UpdateSecret")},
    "CreateSecret": in_turn(_name, _value, _free),
}
RULES: Rules = {("secretsmanager", name): check for name, check in _OF_OPERATIONS.items()}
