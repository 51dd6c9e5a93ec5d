"""Secrets in their recovery window. Source: AWS Secrets Manager API Reference, CreateSecret, DeleteSecret."""

from __future__ import annotations

from moto.secretsmanager.models import secretsmanager_backends

from local.cloud.context import ACCOUNT
from local.cloud.service.errors import AwsError
from local.cloud.strict.request import Rules, ServiceRequest

_REFUSED = (
    *("PutSecretValue", "UpdateSecret", "UpdateSecretVersionStage", "TagResource", "UntagResource"),
    *("PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy", "CancelRotateSecret"),
)


def _create(request: ServiceRequest) -> None:
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


RULES: Rules = {("secretsmanager", name): _living for name in _REFUSED}
RULES[("secretsmanager", "CreateSecret")] = _create
