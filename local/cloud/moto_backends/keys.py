"""KMS keys with which our services and moto's encrypt. Call under the context's lock.

Source: AWS KMS Developer Guide, "Key states of AWS KMS keys".
"""

from __future__ import annotations

from dataclasses import dataclass

from moto.kms.models import kms_backends

from local.cloud.context import ACCOUNT

ENABLED = "Enabled"
NOT_FOUND = "NotFound"
_IN_WORDS = {"Disabled": "is disabled", "PendingDeletion": "is being deleted"}


@dataclass(frozen=True)
class KmsKey:
    arn: str
    """Empty when the region has no such key."""
    state: str
    """As KMS names it; only an Enabled one encrypts. NotFound when the region has no such key."""
    trouble: str
    """Why it encrypts nothing: a sentence with the name that was asked for. Empty for one that does."""


def kms_key(region: str, name: str) -> KmsKey:
    """The key with this id, ARN or alias."""
    arn, state = _found(region, name)
    if state == ENABLED:
        return KmsKey(arn, state, "")
    absent = f"does not exist in {region}"
    why = absent if state == NOT_FOUND else _IN_WORDS.get(state, f"has the state {state}")
    return KmsKey(arn, state, f"The KMS key {name} {why}.")


def _found(region: str, name: str) -> tuple[str, str]:
    """ARN and state."""
    if name.startswith("arn:") and name.split(":")[3:4] != [region]:
        return "", NOT_FOUND
    kms = kms_backends[ACCOUNT][region]
    alias = name if name.startswith("alias/") else name.partition(":alias/")[2]
    if alias and kms.get_key_id_from_alias(f"alias/{alias.removeprefix('alias/')}") is None:
        return "", NOT_FOUND
    try:
        key = kms.describe_key(name)
    except KeyError:
        return "", NOT_FOUND
    return key.arn, key.key_state
