"""Operations that moto acknowledges without carrying them out: refused here."""

from __future__ import annotations

from local.cloud.service.errors import AwsError, unsupported

_OPERATIONS = {
    ("kms", "ImportKeyMaterial"): "importing key material",
}
"""(botocore's name, operation) -> what AWS would do."""


def refusal(service: str, operation: str) -> AwsError | None:
    """Why a request is refused that moto would only pretend to carry out; None for all others."""
    what = _OPERATIONS.get((service, operation))
    return None if what is None else unsupported(what)
