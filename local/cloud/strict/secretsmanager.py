"""Names of secrets in their recovery window. Source: AWS Secrets Manager API Reference, CreateSecret, DeleteSecret."""

from __future__ import annotations

from moto.secretsmanager.models import secretsmanager_backends

from local.cloud.context import ACCOUNT
from local.cloud.service.errors import AwsError
from local.cloud.strict.request import Rules, ServiceRequest


def _create(request: ServiceRequest) -> None:
    secrets = secretsmanager_backends[ACCOUNT][request.region].secrets
    name = request.inputs.get("Name")
    if any(secret.name == name and secret.is_deleted() for secret in secrets.values()):
        message = "You can't create this secret because a secret with this name is already scheduled for deletion."
        raise AwsError("InvalidRequestException", message)


RULES: Rules = {("secretsmanager", "CreateSecret"): _create}
