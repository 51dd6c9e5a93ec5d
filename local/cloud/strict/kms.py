"""Keys that are disabled or will be deleted. Source: AWS KMS Developer Guide, "Key states of AWS KMS keys"."""

from __future__ import annotations

from collections.abc import Iterator

from moto.kms.models import KmsBackend, kms_backends
from moto.kms.utils import _deserialize_ciphertext_blob

from local.cloud.context import ACCOUNT
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
    *("TagResource", "UntagResource", "UpdateKeyDescription", "ReplicateKey"),
)


def refusal(operation: str, state: str, arn: str) -> AwsError | None:
    """Why an operation on a key in this state is refused; None when it is not."""
    if operation == "CancelKeyDeletion":
        return None if state == "PendingDeletion" else _invalid(f"{arn} is not pending deletion.")
    if state == "PendingDeletion" and operation in (*_NEEDS_ENABLED, *_NEEDS_LIVING):
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


RULES: Rules = {("kms", name): _check for name in (*_NEEDS_ENABLED, *_NEEDS_LIVING, "CancelKeyDeletion")}
RULES |= {("kms", name): _alias for name in ("CreateAlias", "UpdateAlias", "DeleteAlias")}
