"""Keys that are disabled or will be deleted. Source: AWS KMS Developer Guide, "Key states of AWS KMS keys"."""

from __future__ import annotations

from local.cloud.service.errors import AwsError

CRYPTOGRAPHIC = (
    *("Encrypt", "Decrypt", "ReEncrypt", "Sign", "Verify", "GenerateMac", "VerifyMac", "DeriveSharedSecret"),
    *("GenerateDataKey", "GenerateDataKeyWithoutPlaintext"),
    *("GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"),
)
NEEDS_ENABLED = (*CRYPTOGRAPHIC, "CreateGrant", "EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand")
NEEDS_LIVING = (
    *("CreateAlias", "UpdateAlias", "EnableKey", "DisableKey", "ScheduleKeyDeletion"),
    *("TagResource", "UntagResource", "UpdateKeyDescription", "ReplicateKey", "UpdatePrimaryRegion"),
)


def refusal(operation: str, state: str, arn: str) -> AwsError | None:
    """Why an operation on a key in this state is refused; None when it is not."""
    deleting = state in ("PendingDeletion", "PendingReplicaDeletion")
    if operation == "CancelKeyDeletion":
        return None if deleting else _invalid(f"{arn} is not pending deletion.")
    if deleting and operation in (*NEEDS_ENABLED, *NEEDS_LIVING):
        return _invalid(f"{arn} is pending deletion.")
    if state == "Disabled" and operation in NEEDS_ENABLED:
        return AwsError("DisabledException", f"{arn} is disabled.")
    return None


def _invalid(message: str) -> AwsError:
    return AwsError("KMSInvalidStateException", message)
