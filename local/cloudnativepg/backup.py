"""`Backup` and `ScheduledBackup` of CloudNativePG (postgresql.cnpg.io/v1): what is due, and their status. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from local.cloudnativepg.base_backups import BaseBackup
from local.cloudnativepg.cluster import API_VERSION, Cluster
from local.cloudnativepg.instance import name as instance_name
from local.cloudnativepg.schedule import Schedule
from local.cloudnativepg.store import PLUGIN

Object = dict[str, Any]
FINISHED = ("completed", "failed")


def unsupported(item: Object) -> str:
    """Why a Backup cannot be taken here; "" when it can."""
    spec = item["spec"]
    method, plugin = spec.get("method", "barmanObjectStore"), spec.get("pluginConfiguration", {}).get("name", "")
    if method != "plugin" or plugin != PLUGIN:
        return f'method "{method}" {plugin}: only the plugin {PLUGIN} is supported on this machine'
    return ""


def started(cluster: Cluster, now: datetime) -> Object:
    pod = {"podName": instance_name(cluster)}
    return {"phase": "started", "method": "plugin", "startedAt": stamp(now), "instanceID": pod, "error": ""}


def completed(backup: BaseBackup, server: str) -> Object:
    return {
        "phase": "completed",
        "backupId": backup.id,
        "backupName": f"backup-{backup.id}",
        "serverName": server,
        "startedAt": stamp(datetime.fromisoformat(backup.started)),
        "stoppedAt": stamp(backup.completed),
        "beginWal": backup.begin_wal,
        "endWal": backup.end_wal,
        "beginLSN": backup.begin_lsn,
        "endLSN": backup.end_lsn,
    }


def failed(error: str, now: datetime) -> Object:
    return {"phase": "failed", "error": error, "stoppedAt": stamp(now)}


def due(scheduled: Object, now: datetime) -> tuple[Object | None, Object]:
    """The Backup that a ScheduledBackup makes now, if any, and its status. Raises ValueError.

    Of the times that passed while nothing looked, one is made up for.
    """
    spec, status = scheduled["spec"], scheduled.get("status", {})
    schedule = Schedule(spec["schedule"])
    if spec.get("suspend"):
        return None, {}
    checked = status.get("lastCheckTime")
    if checked is None:
        first = {"lastCheckTime": stamp(now), "nextScheduleTime": stamp(schedule.after(now))}
        if not spec.get("immediate"):
            return None, first
        return _scheduled(scheduled, now, True), {**first, "lastScheduleTime": stamp(now)}
    following = schedule.after(datetime.fromisoformat(checked))
    if following > now:
        following_status = {"nextScheduleTime": stamp(following)}
        return None, {} if status.get("nextScheduleTime") == stamp(following) else following_status
    at = {"lastCheckTime": stamp(now), "lastScheduleTime": stamp(following)}
    return _scheduled(scheduled, now, False), {**at, "nextScheduleTime": stamp(schedule.after(now))}


def _scheduled(scheduled: Object, now: datetime, immediate: bool) -> Object:
    metadata, spec = scheduled["metadata"], scheduled["spec"]
    labels = {"cnpg.io/cluster": spec["cluster"]["name"], "cnpg.io/scheduled-backup": metadata["name"]}
    made: Object = {
        "name": f"{metadata['name']}-{now:%Y%m%d%H%M%S}",
        "namespace": metadata["namespace"],
        "labels": {**labels, "cnpg.io/immediateBackup": str(immediate).lower()},
    }
    if spec.get("backupOwnerReference") == "self":
        owner = {"apiVersion": API_VERSION, "kind": "ScheduledBackup", "name": metadata["name"], "uid": metadata["uid"]}
        made["ownerReferences"] = [{**owner, "controller": True}]
    kept = {key: spec[key] for key in ("cluster", "method", "pluginConfiguration", "target") if key in spec}
    return {"apiVersion": API_VERSION, "kind": "Backup", "metadata": made, "spec": kept}


def window(backups: list[BaseBackup]) -> Object:
    """`serverRecoveryWindow` of a server in the status of its ObjectStore."""
    if not backups:
        return {}
    first, last = stamp(backups[0].completed), stamp(backups[-1].completed)
    return {"firstRecoverabilityPoint": first, "lastSuccessfulBackupTime": last}


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
