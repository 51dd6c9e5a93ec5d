"""Keys that are disabled or will be deleted. Source: AWS KMS Developer Guide, "Key states of AWS KMS keys"."""

from __future__ import annotations

from collections.abc import Iterator

from moto.kms.models import KmsBackend, kms_backends
from moto.kms.utils import _deserialize_ciphertext_blob

from local.cloud.context import ACCOUNT
from local.cloud.moto_backends.multi_region_keys import primary_region, related
from local.cloud.service.errors import AwsError
from local.cloud.strict.request import Rules, ServiceRequest

_CRYPTOGRAPHIC = (
    *("Encrypt", "Decrypt", "ReEncrypt", "Sign", "Verify", "GenerateMac", "VerifyMac", "DeriveSharedSecret"),
    *("GenerateDataKey", "GenerateDataKeyWithoutPlaintext"),
    *("GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"),
)
_NEEDS_ENABLED = (*_CRYPTOGRAPHIC, "CreateGrant", "EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand")
_NEEDS_LIVING = (
    *("CreateAlias", "UpdateAlias", "EnableKey", "DisableKey", "ScheduleKeyDeletion"),
    *("TagResource", "UntagResource", "UpdateKeyDescription", "ReplicateKey", "UpdatePrimaryRegion"),
)


def refusal(operation: str, state: str, arn: str) -> AwsError | None:
    """Why an operation on a key in this state is refused; None when it is not."""
    deleting = state in ("PendingDeletion", "PendingReplicaDeletion")
    if operation == "CancelKeyDeletion":
        return None if deleting else _invalid(f"{arn} is not pending deletion.")
    if deleting and operation in (*_NEEDS_ENABLED, *_NEEDS_LIVING):
        return _invalid(f"{arn} is pending deletion.")
    if state == "Disabled" and operation in _NEEDS_ENABLED:
        return AwsError("DisabledException", f"{arn} is disabled.")
    return None


def _invalid(message: str) -> AwsError:
    return AwsError("KMSInvalidStateException", message)


def _check(request: ServiceRequest) -> None:
    kms = kms_backends[ACCOUNT][request.region]
    for id in _keys(request, kms):
        key = kms.keys.get(id)
        if key is not None and (error := refusal(request.operation, key.key_state, key.arn)):
            raise error


def _keys(request: ServiceRequest, kms: KmsBackend) -> Iterator[str]:
    """Ids of the keys that the request names, also by what they have encrypted. An unknown name is moto's to refuse."""
    for member in ("KeyId", "TargetKeyId", "DestinationKeyId", "SourceKeyId"):
        if name := request.inputs.get(member):
            yield kms.any_id_to_key_id(name) if _is_known(kms, name) else name
    if blob := request.inputs.get("CiphertextBlob"):
        try:
            yield _deserialize_ciphertext_blob(blob).key_id
        except Exception:
            return  # not a ciphertext: moto says so


def _is_known(kms: KmsBackend, name: str) -> bool:
    alias = kms.get_alias_name(name)
    return not alias.startswith("alias/") or any(alias in key.aliases for key in kms.keys.values())


def _alias(request: ServiceRequest) -> None:
    if request.inputs.get("AliasName", "").startswith("alias/aws/"):
        raise AwsError("NotAuthorizedException", "Aliases that begin with alias/aws/ are those of AWS.")
    if request.operation != "DeleteAlias":
        _check(request)


def _of_primary(request: ServiceRequest) -> None:
    """Only the primary of a multi-Region key is replicated, and only to one of its replicas its role moves."""
    _check(request)
    kms, inputs = kms_backends[ACCOUNT][request.region], request.inputs
    key = kms.keys.get(kms.get_key_id(inputs.get("KeyId", "")))
    if key is None:
        return
    if not key.multi_region:
        raise AwsError("UnsupportedOperationException", f"{key.arn} is no multi-Region key.")
    if key.region != primary_region(key):
        raise AwsError("UnsupportedOperationException", f"{key.arn} is a replica. Call in {primary_region(key)}.")
    to = inputs.get("PrimaryRegion")
    if to is None:
        return
    if to == key.region:
        raise AwsError("UnsupportedOperationException", f"{key.arn} is the primary key already.")
    replica = next((each for each in related(key.id) if each.region == to), None)
    if replica is None:
        raise AwsError("NotFoundException", f"{key.arn} has no replica in {to}.")
    if error := refusal(request.operation, replica.key_state, replica.arn):
        raise error


RULES: Rules = {("kms", name): _check for name in (*_NEEDS_ENABLED, *_NEEDS_LIVING, "CancelKeyDeletion")}
RULES |= {("kms", name): _alias for name in ("CreateAlias", "UpdateAlias", "DeleteAlias")}
RULES |= {("kms", name): _of_primary for name in ("ReplicateKey", "UpdatePrimaryRegion")}
