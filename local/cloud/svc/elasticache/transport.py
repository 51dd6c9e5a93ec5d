"""What ElastiCache refuses of encryption in transit and of AUTH tokens.

Source: CreateReplicationGroup and ModifyReplicationGroup in the API reference; "In-transit encryption" and
"Authenticating with the AUTH command" in the user guide.
"""

from __future__ import annotations

from local.cloud.service.base import Inputs
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.svc.elasticache.auth import is_valid
from local.cloud.svc.elasticache.model import Group


def check_creation(inputs: Inputs) -> None:
    encrypted = bool(inputs.get("TransitEncryptionEnabled"))
    if "TransitEncryptionMode" in inputs and not encrypted:
        raise _combination("TransitEncryptionMode can be given only with TransitEncryptionEnabled.")
    _check_mode(inputs)
    if "AuthToken" in inputs:
        if not encrypted:
            raise _combination("An AuthToken needs TransitEncryptionEnabled.")
        _check_token(inputs["AuthToken"])


def check_modification(group: Group, inputs: Inputs) -> None:
    if "TransitEncryptionEnabled" in inputs and bool(inputs["TransitEncryptionEnabled"]) != group.encrypted_in_transit:
        raise unsupported("switching the encryption of a replication group's connections on or off")
    _check_mode(inputs)
    strategy = inputs.get("AuthTokenUpdateStrategy")
    if strategy == "DELETE":
        raise _combination("A token is deleted only with UserGroupIdsToAdd, for users in its place.")
    if "AuthToken" in inputs:
        if not group.encrypted_in_transit:
            raise _combination(f"{group.name} has no encryption in transit, which an AuthToken needs.")
        _check_token(inputs["AuthToken"])
    elif strategy:
        raise _combination(f"AuthTokenUpdateStrategy {strategy} needs an AuthToken.")


def _check_mode(inputs: Inputs) -> None:
    if inputs.get("TransitEncryptionMode") == "preferred":
        raise unsupported("one port for connections with and without TLS; use TransitEncryptionMode required")


def _check_token(token: str) -> None:
    if not is_valid(token):
        message = "Invalid AuthToken provided: 16 to 128 letters, digits and ! & # $ ^ < > - are allowed."
        raise AwsError("InvalidParameterValue", message)


def _combination(message: str) -> AwsError:
    return AwsError("InvalidParameterCombination", message)
