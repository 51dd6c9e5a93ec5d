"""What a key is for. Source: AWS KMS API Reference, InvalidKeyUsageException of each operation, EnableKeyRotation."""

from __future__ import annotations

from local.cloud.service.errors import AwsError

ENCRYPT_DECRYPT = "ENCRYPT_DECRYPT"
_ENCRYPTING = (
    *("Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"),
    *("GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"),
)
OF_OPERATIONS = {
    **dict.fromkeys(_ENCRYPTING, ENCRYPT_DECRYPT),
    **{"Sign": "SIGN_VERIFY", "Verify": "SIGN_VERIFY"},
    **{"GenerateMac": "GENERATE_VERIFY_MAC", "VerifyMac": "GENERATE_VERIFY_MAC"},
    "DeriveSharedSecret": "KEY_AGREEMENT",
}
"""Operation -> the usage of the keys that it takes."""


def refusal(operation: str, usage: str | None, arn: str) -> AwsError | None:
    """Why a key of this usage does not do an operation. moto keeps no usage of a key that was made without one."""
    usage = usage or ENCRYPT_DECRYPT
    if OF_OPERATIONS[operation] == usage:
        return None
    message = f"{arn} key usage is {usage} which is not valid for {operation}."
    return AwsError("InvalidKeyUsageException", message, 400)


def refusal_of_rotation(spec: str, arn: str) -> AwsError | None:
    """Why KMS makes no new material for a key of this spec: it does for symmetric encryption only."""
    if spec == "SYMMETRIC_DEFAULT":
        return None
    message = f"{arn} has the key spec {spec}; only symmetric encryption keys are rotated."
    return AwsError("UnsupportedOperationException", message, 400)
