"""What ElastiCache refuses of encryption in transit and of AUTH tokens.

Source: CreateReplicationGroup and ModifyReplicationGroup in the API reference; "In-transit encryption" and
"Authenticating with the AUTH command" in the user guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.cloud.service.errors import AwsError
from local.cloud.svc.elasticache.auth import is_valid
from local.cloud.svc.elasticache.model import Group


def check_creation(inputs: Mapping[str, Any]) -> None:
    encrypted = bool(inputs.get("TransitEncryptionEnabled"))
    if "TransitEncryptionMode" in inputs and not encrypted:
        raise _combination("TransitEncryptionMode can be given only with TransitEncryptionEnabled.")
    if "AuthToken" in inputs:
        if not encrypted:
            raise _combination("An AuthToken needs TransitEncryptionEnabled.")
        _check_token(inputs["AuthToken"])


def check_modification(group: Group, inputs: Mapping[str, Any]) -> None:
    encrypted = _check_encryption(group, inputs)
    strategy = inputs.get("AuthTokenUpdateStrategy")
    if strategy == "DELETE":
        raise _combination("A token is deleted only with UserGroupIdsToAdd, for users in its place.")
    if "AuthToken" in inputs:
        if not encrypted:
            raise _combination(f"{group.name} has no encryption in transit, which an AuthToken needs.")
        _check_token(inputs["AuthToken"])
    elif strategy:
        raise _combination(f"AuthTokenUpdateStrategy {strategy} needs an AuthToken.")


def _check_encryption(group: Group, inputs: Mapping[str, Any]) -> bool:
    """Whether the group will have encryption: it is switched on and off by way of the mode `preferred` only."""
    wanted = inputs.get("TransitEncryptionEnabled", group.encrypted_in_transit)
    mode = inputs.get("TransitEncryptionMode")
    if mode is not None and not wanted:
        raise _combination("TransitEncryptionMode can be given only with TransitEncryptionEnabled.")
    if wanted and not group.encrypted_in_transit and mode != "preferred":
        raise _combination("Encryption in transit is enabled with TransitEncryptionMode preferred first.")
    if group.encrypted_in_transit and not wanted:
        if group.encryption_required:
            raise _combination("Encryption in transit is disabled after TransitEncryptionMode has become preferred.")
        if group.auth.enabled:
            raise _combination("Encryption in transit cannot be disabled with an AUTH token.")
    return bool(wanted)


def _check_token(token: str) -> None:
    if not is_valid(token):
        message = "Invalid AuthToken provided: 16 to 128 letters, digits and ! & # $ ^ < > - are allowed."
        raise AwsError("InvalidParameterValue", message)


def _combination(message: str) -> AwsError:
    return AwsError("InvalidParameterCombination", message)
