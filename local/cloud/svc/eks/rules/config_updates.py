"""UpdateClusterConfig: which of its updates a request is, and with which parameters. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.cloud.service.errors import AwsError, unsupported

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
_ENDPOINT = ("endpointPrivateAccess", "endpointPublicAccess", "publicAccessCidrs")
_NETWORK = {"subnetIds": "Subnets", "securityGroupIds": "SecurityGroups"}
_OTHERS = {
    "logging": ("LoggingUpdate", "ClusterLogging"),
    "upgradePolicy": ("UpgradePolicyUpdate", "UpgradePolicy"),
    "zonalShiftConfig": ("ZonalShiftConfigUpdate", "ZonalShiftConfig"),
    "deletionProtection": ("DeletionProtectionUpdate", "DeletionProtection"),
}
_MODES = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")
"""Authentication modes: a cluster goes on in this order and never back (UG, Change authentication mode)."""


def classify(changes: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Type and parameters of the update that the request asks for.

    Raises AwsError for none, for two at once (API_UpdateClusterConfig), and for what cannot be done here.
    """
    found: dict[str, dict[str, Any]] = {}
    for key, value in changes.items():
        if key == "resourcesVpcConfig":
            access = {name[0].upper() + name[1:]: value[name] for name in _ENDPOINT if name in value}
            network = {_NETWORK[name]: value[name] for name in _NETWORK if name in value}
            found |= {"EndpointAccessUpdate": access} if access else {}
            found |= {"VpcConfigUpdate": network} if network else {}
        elif key == "accessConfig":
            found["AccessConfigUpdate"] = {"AuthenticationMode": value.get("authenticationMode", "")}
        elif key in _OTHERS:
            kind, parameter = _OTHERS[key]
            found[kind] = {parameter: value}
        else:
            raise unsupported(f"changing {key} of a cluster")
    if not found:
        raise AwsError("InvalidParameterException", "The request names nothing to update.")
    if len(found) > 1:
        raise AwsError("InvalidParameterException", "Only one type of update can be allowed.")
    return next(iter(found.items()))


def next_mode(current: str, asked: str) -> str:
    """The authentication mode `asked`; raises AwsError unless a cluster of the mode `current` can take it."""
    if asked == current:
        raise AwsError("InvalidParameterException", f"Cluster is already at the authentication mode {asked}")
    if asked not in _MODES or _MODES.index(asked) != _MODES.index(current) + 1:
        message = f"Unsupported authentication mode update from {current} to {asked}"
        raise AwsError("InvalidParameterException", message)
    return asked


def merged_logging(current: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """The logging of a cluster after a change, each type in one of two groups."""
    enabled = {kind for setup in current.get("clusterLogging", []) if setup.get("enabled") for kind in setup["types"]}
    for setup in change.get("clusterLogging", []):
        types = set(setup.get("types", []))
        enabled = enabled | types if setup.get("enabled") else enabled - types
    groups = ((True, enabled), (False, set(LOG_TYPES) - enabled))
    listed = [{"types": [t for t in LOG_TYPES if t in types], "enabled": on} for on, types in groups if types]
    return {"clusterLogging": listed}
