"""Rules of ModifyReplicationGroup, IncreaseReplicaCount and DecreaseReplicaCount.

Each takes the request and what the group is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.cloud.service.errors import AwsError, unsupported
from local.cloud.svc.elasticache.catalog import versions
from local.cloud.svc.elasticache.rules.creation import MOST_NODES
from local.cloud.svc.elasticache.rules.names import COMMON
from local.cloud.svc.elasticache.rules.placement import ENGINE, PLACEMENT
from local.cloud.svc.elasticache.rules.table import COMBINATION, MODIFY, VALUE, Rule

RULES = (
    *ENGINE,
    *PLACEMENT,
    *COMMON,
    Rule(
        COMBINATION,
        "UserGroupIds and an AuthToken exclude each other.",
        lambda r: bool(r["UserGroupIdsToAdd"]) and "AuthToken" in r,
        MODIFY,
    ),
)
MISSING = {
    "UserGroupIdsToAdd": "Redis users; use an AuthToken",
    "UserGroupIdsToRemove": "Redis users",
    "RemoveUserGroups": "Redis users",
    "LogDeliveryConfigurations": "delivering Redis logs",
}


def check_failover(automatic: bool, multi_az: bool, nodes: int) -> None:
    """Of a group as it will be. Source: user guide, Minimizing downtime with Multi-AZ."""
    if automatic and nodes < 2:
        raise AwsError(COMBINATION, "Automatic failover needs at least one replica.")
    if multi_az and not automatic:
        raise AwsError(COMBINATION, "Multi-AZ needs automatic failover; switch off both.")


def check_version(wanted: str | None, now: str) -> None:
    """Source: EngineVersion of ModifyReplicationGroup: a version can be upgraded only."""
    if wanted is None:
        return
    if versions.is_older(wanted, now):
        raise AwsError(COMBINATION, f"The engine cannot be downgraded from {now} to {wanted}.")
    if wanted != now:
        raise unsupported(f"Redis {wanted}; {versions.INSTALLED} is installed")


def check_immediately(inputs: Mapping[str, Any]) -> None:
    """Source: ApplyImmediately of IncreaseReplicaCount: false is not supported."""
    if not inputs["ApplyImmediately"]:
        raise AwsError(VALUE, "ApplyImmediately must be true: changes of the replica count cannot wait.")


def increased(inputs: Mapping[str, Any], replicas: int) -> int:
    """The new number of replicas. Source: NewReplicaCount of IncreaseReplicaCount."""
    wanted = _count(inputs)
    if wanted is None:
        raise AwsError(COMBINATION, "NewReplicaCount or ReplicaConfiguration must be given.")
    if wanted <= replicas:
        raise AwsError(VALUE, f"NewReplicaCount {wanted} must be greater than {replicas}, the count now.")
    if wanted >= MOST_NODES:
        raise AwsError(VALUE, f"NewReplicaCount {wanted}: a node group has at most {MOST_NODES - 1} replicas.")
    return wanted


def decreased(inputs: Mapping[str, Any], replicas: list[str], primary: str, automatic: bool) -> list[str]:
    """The replicas to remove. Source: NewReplicaCount and ReplicasToRemove of DecreaseReplicaCount.

    With automatic failover one replica has to stay.
    """
    named, wanted = inputs.get("ReplicasToRemove") or [], _count(inputs)
    if (wanted is None) == (not named):
        raise AwsError(COMBINATION, "Give either NewReplicaCount (or ReplicaConfiguration) or ReplicasToRemove.")
    if primary in named:
        raise AwsError(VALUE, f"{primary} is the primary, which cannot be removed.")
    unknown = sorted(set(named) - set(replicas))
    if unknown:
        raise AwsError(VALUE, f"{', '.join(unknown)} is no replica of the group.")
    wanted = len(replicas) - len(set(named)) if wanted is None else wanted
    least = 1 if automatic else 0
    if not least <= wanted < len(replicas):
        message = f"The replica count must be {least} to {len(replicas) - 1}; {wanted} is asked for."
        raise AwsError(VALUE, message)
    return [name for name in replicas if name in named] if named else replicas[wanted:]


def _count(inputs: Mapping[str, Any]) -> int | None:
    shards = inputs.get("ReplicaConfiguration")
    if not shards:
        return inputs.get("NewReplicaCount")
    if [shard.get("NodeGroupId") for shard in shards] != ["0001"]:
        raise AwsError("NodeGroupNotFoundFault", "The group has one node group: 0001.")
    return shards[0]["NewReplicaCount"]
