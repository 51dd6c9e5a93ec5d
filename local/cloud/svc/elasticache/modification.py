"""What a modification makes of a group, at once or in its maintenance window."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from local.cloud.svc.elasticache.auth import rotate, set_token
from local.cloud.svc.elasticache.model import Group

DEFERRED = frozenset(
    {
        *("CacheNodeType", "EngineVersion", "AutomaticFailoverEnabled", "MultiAZEnabled", "PrimaryClusterId"),
        *("AuthToken", "AuthTokenUpdateStrategy", "TransitEncryptionEnabled", "TransitEncryptionMode"),
    }
)
"""Inputs that wait for the maintenance window without ApplyImmediately; all others take effect at once.

Source: ApplyImmediately of ModifyReplicationGroup, ReplicationGroupPendingModifiedValues.
"""
_OF_ENGINES = frozenset(
    {
        *("CacheNodeType", "CacheParameterGroupName", "AuthToken", "PrimaryClusterId"),
        *("TransitEncryptionEnabled", "TransitEncryptionMode"),
    }
)


def split(changes: dict[str, Any], immediately: bool, pending: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What takes effect now, and what waits: with `immediately` also everything that has been waiting."""
    if immediately:
        return {**pending, **changes}, {}
    waiting = {name: value for name, value in changes.items() if name in DEFERRED}
    return {name: value for name, value in changes.items() if name not in DEFERRED}, {**pending, **waiting}


def apply(group: Group, changes: dict[str, Any], now: datetime) -> None:
    """Changes the group; its engines follow when it is reconciled."""
    rest = dict(changes)
    token, strategy = rest.pop("AuthToken", ""), rest.pop("AuthTokenUpdateStrategy", "ROTATE")
    primary = rest.pop("PrimaryClusterId", "")
    if token:
        group.auth = set_token(token) if strategy == "SET" else rotate(group.auth, token)
        group.token_changed = now
    if primary and primary != group.primary.name:
        group.failover = primary
    inputs = {**group.inputs, **rest}
    if not inputs.get("TransitEncryptionEnabled"):
        inputs.pop("TransitEncryptionMode", None)
    group.inputs = inputs
    if _OF_ENGINES & set(changes):
        group.change("modifying")
