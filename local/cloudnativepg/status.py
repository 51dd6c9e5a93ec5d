"""`status` of a Cluster. Pure; `now` is RFC 3339."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from local.cloudnativepg.cluster import Cluster
from local.cloudnativepg.topology import Role, Standing

Object = dict[str, Any]


@dataclass(frozen=True)
class Archiving:
    """What pg_stat_archiver says, and why the last segment was not archived ("" if it was)."""

    archived: bool
    """Whether any segment was."""
    failing: bool
    error: str


def status(
    cluster: Cluster,
    ready: bool,
    phase: str,
    reason: str,
    archiving: Archiving | None,
    backup: str | None,
    standing: Standing,
    now: str,
) -> Object | None:
    """The desired status, None when it is up to date. `archiving` is None while it is not known.

    `backup` is the error of the last backup, "" after a success, None when none has ended.
    """
    name = cluster.metadata.name
    said = reason or ("Cluster is Ready" if ready else phase)
    conditions = [_condition(cluster, "Ready", ready, "ClusterIsReady" if ready else "ClusterIsNotReady", said, now)]
    if cluster.archive is not None:
        conditions += _archiving(cluster, archiving, now)
    if backup is not None:
        conditions.append(_backed_up(cluster, backup, now))
    known = {condition["type"] for condition in conditions}
    conditions += [one for one in cluster.status.get("conditions", []) if one["type"] not in known | _OF_ARCHIVING]
    desired = {
        "phase": phase,
        "phaseReason": reason,
        "instances": 1,
        "readyInstances": int(ready),
        "instanceNames": [f"{name}-1"],
        "currentPrimary": f"{name}-1",
        "targetPrimary": f"{name}-1",
        "writeService": f"{name}-rw",
        "readService": f"{name}-r",
        "certificates": {"serverCASecret": cluster.authority},
        "conditions": conditions,
        **_topology(cluster, standing),
    }
    return None if all(cluster.status.get(key) == value for key, value in desired.items()) else desired


def _topology(cluster: Cluster, standing: Standing) -> Object:
    """What a Cluster of a distributed topology says besides."""
    replica = cluster.spec.replica
    if replica is None:
        return {}
    return {
        "demotionToken": standing.token if standing.role is Role.REPLICA else "",
        "lastPromotionToken": replica.promotion_token if standing.role is Role.PRIMARY else "",
        "switchReplicaClusterStatus": {"inProgress": standing.role is Role.DEMOTING},
    }


_OF_ARCHIVING = {"ContinuousArchiving"}


def _archiving(cluster: Cluster, archiving: Archiving | None, now: str) -> list[Object]:
    """CloudNativePG has the condition once the first segment was archived, or could not be."""
    if archiving is None or not (archiving.archived or archiving.failing):
        return [one for one in cluster.status.get("conditions", []) if one["type"] in _OF_ARCHIVING]
    if archiving.failing:
        return [_condition(cluster, "ContinuousArchiving", False, "ContinuousArchivingFailing", archiving.error, now)]
    working = "Continuous archiving is working"
    return [_condition(cluster, "ContinuousArchiving", True, "ContinuousArchivingSuccess", working, now)]


def _backed_up(cluster: Cluster, error: str, now: str) -> Object:
    """The condition that says how the last backup ended."""
    reason = "LastBackupFailed" if error else "LastBackupSucceeded"
    message = error or "Backup was successful"
    return _condition(cluster, "LastBackupSucceeded", not error, reason, message, now)


def _condition(cluster: Cluster, kind: str, holds: bool, reason: str, message: str, now: str) -> Object:
    state = str(holds)
    previous = next((item for item in cluster.status.get("conditions", []) if item["type"] == kind), {})
    transition = previous["lastTransitionTime"] if previous.get("status") == state else now
    return {
        "type": kind,
        "status": state,
        "reason": reason,
        "message": message,
        "lastTransitionTime": transition,
        "observedGeneration": cluster.metadata.generation,
    }
