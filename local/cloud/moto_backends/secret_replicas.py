"""Secrets replicated to other regions, where moto forgets their key and cannot end the replication.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/replicate-secrets.html
"""

from __future__ import annotations

import json
from typing import Any

from moto.secretsmanager.exceptions import InvalidParameterException
from moto.secretsmanager.models import FakeSecret, ReplicaSecret, SecretsManagerBackend
from moto.secretsmanager.responses import SecretsManagerResponse

_create = FakeSecret.create_replicas
_replicate = SecretsManagerBackend.replicate_secret_to_regions


def install() -> None:
    """Replaces methods of moto's classes."""
    FakeSecret.create_replicas = _with_keys
    SecretsManagerBackend.replicate_secret_to_regions = _to_new_regions
    SecretsManagerResponse.stop_replication_to_replica = _stop  # pyright: ignore[reportAttributeAccessIssue]


def _with_keys(self: Any, replica_regions: list[dict[str, str]], force_overwrite: bool) -> list[ReplicaSecret]:
    replicas = _create(self, replica_regions, force_overwrite)
    for replica, asked in zip(replicas, replica_regions, strict=True):
        if "KmsKeyId" in asked:
            replica.config["KmsKeyId"] = asked["KmsKeyId"]
            replica.kms_key_id = asked["KmsKeyId"]  # pyright: ignore[reportAttributeAccessIssue]
        if not replica.has_replica:
            message = f"Replication failed: Secret name {self.name} already exists in region {replica.region}."
            replica.message = replica.config["StatusMessage"] = message
    return replicas


def _to_new_regions(
    self: Any, secret_id: str, replica_regions: list[dict[str, str]], force_overwrite: bool
) -> tuple[str, list[dict[str, Any]]]:
    secret = self.describe_secret(secret_id)
    known = {replica.region for replica in getattr(secret, "replicas", ()) if replica.has_replica}
    for asked in replica_regions:
        if asked["Region"] in known:
            raise InvalidParameterException(f"The secret has a replica in {asked['Region']} already.")
    _, statuses = _replicate(self, secret_id, replica_regions, force_overwrite)
    return secret.arn, statuses


def _stop(self: Any) -> str:
    """Makes the replica of this region a secret of its own, with the values that it has."""
    secrets = self.backend.secrets
    replica = self.backend.describe_secret(self._get_param("SecretId"))
    if not isinstance(replica, ReplicaSecret):
        raise InvalidParameterException("The secret is no replica: call in the region of a replica.")
    source = replica.source
    own: Any = object.__new__(FakeSecret)
    vars(own).update(vars(source))
    own.arn, own.region, own.replicas = replica.arn, replica.region, []
    own.kms_key_id = getattr(replica, "kms_key_id", None)
    own.versions = {
        id: {**version, "version_stages": [*version["version_stages"]]} for id, version in own.versions.items()
    }
    own.tags = [*own.tags] if own.tags else None
    dict.__setitem__(secrets, replica.arn, own)
    source.replicas = [each for each in source.replicas if each is not replica and each.region != replica.region]
    return json.dumps({"ARN": own.arn})
