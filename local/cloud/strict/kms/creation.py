"""Keys that cannot be made. Source: https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html"""

from __future__ import annotations

from collections.abc import Iterable

from local.cloud.service.errors import AwsError

_USAGES = {
    "SYMMETRIC_DEFAULT": ("ENCRYPT_DECRYPT",),
    **{f"HMAC_{bits}": ("GENERATE_VERIFY_MAC",) for bits in (224, 256, 384, 512)},
    **{f"RSA_{bits}": ("ENCRYPT_DECRYPT", "SIGN_VERIFY") for bits in (2048, 3072, 4096)},
    **{f"ECC_NIST_P{bits}": ("SIGN_VERIFY", "KEY_AGREEMENT") for bits in (256, 384, 521)},
    "ECC_SECG_P256K1": ("SIGN_VERIFY",),
    "SM2": ("ENCRYPT_DECRYPT", "SIGN_VERIFY", "KEY_AGREEMENT"),
}
"""Key spec -> what a key of it may be for. Of other specs moto makes no keys."""


def refusal(spec: str, usage: str | None) -> AwsError | None:
    """Why no key of this spec is made for this usage; None for a spec that is not known here."""
    if spec not in _USAGES:
        return None
    if usage is None:
        message = "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."
        return None if spec == "SYMMETRIC_DEFAULT" else AwsError("ValidationException", message, 400)
    if usage in _USAGES[spec]:
        return None
    return AwsError("ValidationException", f"KeyUsage {usage} is not compatible with KeySpec {spec}", 400)


def refusal_of_tags(keys: Iterable[str]) -> AwsError | None:
    """Why a key cannot have tags with these keys."""
    if any(key.lower().startswith("aws:") for key in keys):
        return AwsError("TagException", "Tags beginning with aws: are reserved", 400)
    return None
