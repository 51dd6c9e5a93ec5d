"""The versions of a secret as they were made: moto gives each the time of the question."""

from __future__ import annotations

import json
from typing import Any

from moto.secretsmanager.models import SecretsManagerBackend


def install() -> None:
    """Replaces a method of moto's class."""
    SecretsManagerBackend.list_secret_version_ids = _list  # pyright: ignore[reportAttributeAccessIssue]


def _list(backend: Any, secret_id: str) -> str:
    """Versions without a stage are deprecated and not listed (ListSecretVersionIds, IncludeDeprecated)."""
    secret = backend.secrets[secret_id]
    versions = [
        {"VersionId": id, "VersionStages": version["version_stages"], "CreatedDate": version["createdate"]}
        for id, version in secret.versions.items()
        if version["version_stages"]
    ]
    return json.dumps({"ARN": secret.arn, "Name": secret.name, "Versions": versions})
