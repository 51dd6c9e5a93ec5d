"""What our services read from moto's Secrets Manager. Call under the context's lock."""

from __future__ import annotations

from dataclasses import dataclass

from moto.kms.models import kms_backends
from moto.secretsmanager.models import secretsmanager_backends

from local.cloud.context import ACCOUNT


@dataclass(frozen=True)
class Secret:
    arn: str
    name: str
    own_key: bool
    """Whether a customer managed KMS key encrypts it."""
    version: str
    """Id of the current version; empty while the secret has no value."""
    text: str
    """Of the current version."""


def secret(region: str, arn: str) -> Secret | None:
    """The secret with exactly this ARN; None when it does not exist or is deleted."""
    for known in dict.values(secretsmanager_backends[ACCOUNT][region].secrets):
        if known.arn == arn and not known.is_deleted():
            version = known.default_version_id or ""
            text = known.versions.get(version, {}).get("secret_string") or ""
            return Secret(arn, known.name, _is_own_key(region, getattr(known, "kms_key_id", None)), version, text)
    return None


def _is_own_key(region: str, key: str | None) -> bool:
    if not key or "alias/aws/" in key:
        return False
    try:
        return kms_backends[ACCOUNT][region].describe_key(key).key_manager == "CUSTOMER"
    except KeyError:
        return False
