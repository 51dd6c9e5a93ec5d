"""Secrets replicated to other regions, where moto forgets their key, shows what is in the primary and cannot end the
replication.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/replicate-secrets.html
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from moto.secretsmanager.exceptions import InvalidParameterException
from moto.secretsmanager.models import FakeSecret, ReplicaSecret, SecretsManagerBackend, secretsmanager_backends
from moto.secretsmanager.responses import SecretsManagerResponse

from local.cloud.context import ACCOUNT

_create = FakeSecret.create_replicas
_replicate = SecretsManagerBackend.replicate_secret_to_regions
_described: Any = ReplicaSecret.to_dict
_HELD = "aura_held"
_FIELDS = ("versions", "default_version_id", "description", "tags")
"""Of a secret, that its replicas have."""


def install() -> None:
    """Replaces methods of moto's classes."""
    FakeSecret.create_replicas = _with_keys
    for name in _FIELDS:
        setattr(ReplicaSecret, name, property(lambda self, name=name: _held(self)[name]))
    ReplicaSecret.to_dict = _as_held
    SecretsManagerBackend.replicate_secret_to_regions = _to_new_regions
    SecretsManagerResponse.stop_replication_to_replica = _stop  # pyright: ignore[reportAttributeAccessIssue]


def replicas() -> Iterator[ReplicaSecret]:
    """All there are, of every region. Call under the context's lock."""
    for region, backend in list(dict.items(secretsmanager_backends[ACCOUNT])):  # which is no use of them
        for secret in list(dict.values(backend.secrets)):
            if isinstance(secret, ReplicaSecret) and secret.region == region:
                yield secret


def behind(replica: ReplicaSecret) -> int:
    """How many versions of the primary, values or labels, the replica does not have as they are."""
    held, wanted = _held(replica), _contents(replica.source)
    versions = sum(held["versions"].get(id) != version for id, version in wanted["versions"].items())
    return versions or int(held != wanted)


def synchronise(replica: ReplicaSecret) -> None:
    """Gives the replica what the primary has. Call in a mutation of the context."""
    setattr(replica, _HELD, copy.deepcopy(_contents(replica.source)))
    _tell(replica, "InSync")


def wait(replica: ReplicaSecret) -> None:
    """What the primary has is on its way. Call in a mutation of the context."""
    _tell(replica, "InProgress")


def _tell(replica: ReplicaSecret, status: str) -> None:
    replica.status = replica.config["Status"] = status
    for region in (replica.region, replica.source.region):
        _ = secretsmanager_backends[ACCOUNT][region]  # they are kept on disk


def _held(replica: Any) -> dict[str, Any]:
    """A replica that was made before it held anything shows what the primary has."""
    return getattr(replica, _HELD, None) or _contents(replica.source)


def _contents(secret: FakeSecret) -> dict[str, Any]:
    return {name: getattr(secret, name) for name in _FIELDS}


def _as_held(self: Any) -> dict[str, Any]:
    held, described = _held(self), _described(self)
    stages = {id: version["version_stages"] for id, version in held["versions"].items()}
    described |= {key: stages for key in ("VersionIdsToStages", "SecretVersionsToStages") if key in described}
    return described


def _with_keys(self: Any, replica_regions: list[dict[str, str]], force_overwrite: bool) -> list[ReplicaSecret]:
    replicas = _create(self, replica_regions, force_overwrite)
    for replica, asked in zip(replicas, replica_regions, strict=True):
        setattr(replica, _HELD, copy.deepcopy(_contents(self)))
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
    vars(own).update(copy.deepcopy(_held(replica)))
    dict.__setitem__(secrets, replica.arn, own)
    source.replicas = [each for each in source.replicas if each is not replica and each.region != replica.region]
    return json.dumps({"ARN": own.arn})
