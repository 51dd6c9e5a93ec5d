"""RDS instances of one region."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from runbooks.adapters.aws import CONFIG, Connect, answers
from runbooks.ports import Database

_SAME = (
    *("DBInstanceClass", "MultiAZ", "StorageType", "MaxAllocatedStorage", "PubliclyAccessible", "DeletionProtection"),
    *("CopyTagsToSnapshot", "AutoMinorVersionUpgrade", "CACertificateIdentifier"),
)
"""Members of a description that a replica is made with, by the same names."""
_BACKUPS = ("BackupRetentionPeriod", "PreferredBackupWindow")
_LATER = (*_BACKUPS, "PreferredMaintenanceWindow")
"""Members that a replica is given once it exists."""


class RdsDatabases:
    def __init__(self, connect: Connect, region: str) -> None:
        self._rds, self._region = connect("rds", region, CONFIG), region

    def find(self, name: str) -> Database | None:
        found = self._described(name)
        if found is None:
            return None
        source = found.get("ReadReplicaSourceDBInstanceIdentifier", "")
        normal = [info.get("Normal", False) for info in found.get("StatusInfos", [])]
        streaming = bool(source) and all(normal) and bool(normal)
        return Database(name, found["DBInstanceStatus"], source, streaming, found["DbiResourceId"])

    def promote(self, name: str) -> None:
        """With the backups that it has: AWS gives a promoted replica one day of them and another window unless told."""
        found = self._described(name) or {}
        kept = {member: found[member] for member in _BACKUPS if found.get(member)}
        with answers(f"RDS of {self._region}"):
            self._rds.promote_read_replica(DBInstanceIdentifier=name, **kept)

    def delete(self, name: str, snapshot: str) -> None:
        """First its protection, and at the next call the instance: RDS deletes none that is being modified."""
        found = self._described(name) or {}
        with answers(f"RDS of {self._region}", outrun=("InvalidDBInstanceState", "DBInstanceNotFound")):
            if found.get("DeletionProtection"):
                self._rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False, ApplyImmediately=True)
                return
            self._rds.delete_db_instance(
                DBInstanceIdentifier=name,
                SkipFinalSnapshot=False,
                FinalDBSnapshotIdentifier=snapshot,
                DeleteAutomatedBackups=False,
            )

    def settings(self, name: str) -> str | None:
        found = self._described(name)
        if found is None:
            return None
        made = {member: found[member] for member in _SAME if member in found}
        if "DBSubnetGroup" in found:
            made["DBSubnetGroupName"] = found["DBSubnetGroup"]["DBSubnetGroupName"]
        groups = [one["VpcSecurityGroupId"] for one in found.get("VpcSecurityGroups", [])]
        made |= {"VpcSecurityGroupIds": groups} if groups else {}
        made |= {"KmsKeyId": found["KmsKeyId"]} if found.get("KmsKeyId") else {}
        made |= {"Tags": found["TagList"]} if found.get("TagList") else {}
        made |= _observation(found)
        kept = {member: found[member] for member in _LATER if found.get(member) is not None}
        if parameters := [one["DBParameterGroupName"] for one in found.get("DBParameterGroups", [])]:
            kept["DBParameterGroupName"] = parameters[0]
        return json.dumps({"made": made, "changed": kept})

    def make_replica(self, name: str, source: str, settings: str) -> None:
        """What AWS lets a replica be given only later is given by `complete`."""
        with answers(f"RDS of {self._region}"):
            made = json.loads(settings)["made"]
            self._rds.create_db_instance_read_replica(
                DBInstanceIdentifier=name,
                SourceDBInstanceIdentifier=source,
                SourceRegion=source.split(":")[3],
                **made,
            )

    def differs(self, name: str, settings: str) -> bool:
        found = self._described(name) or {}
        kept = json.loads(settings)["changed"]
        return _lacks(found, kept) or _awaits_reboot(found)

    def complete(self, name: str, settings: str) -> None:
        """A parameter group that was exchanged is in force after a reboot only."""
        found = self._described(name) or {}
        with answers(f"RDS of {self._region}"):
            kept = json.loads(settings)["changed"]
            if _lacks(found, kept):
                self._rds.modify_db_instance(DBInstanceIdentifier=name, ApplyImmediately=True, **kept)
            elif _awaits_reboot(found):
                self._rds.reboot_db_instance(DBInstanceIdentifier=name)

    def _described(self, name: str) -> dict[str, Any] | None:
        with answers(f"RDS of {self._region}"):
            try:
                return self._rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") == "DBInstanceNotFound":
                    return None
                raise


def _observation(found: dict[str, Any]) -> dict[str, Any]:
    """What is measured and logged of an instance, by the names that a creation has for it."""
    made: dict[str, Any] = {}
    if found.get("PerformanceInsightsEnabled"):
        also = ("PerformanceInsightsKMSKeyId", "PerformanceInsightsRetentionPeriod")
        made = {"EnablePerformanceInsights": True, **{member: found[member] for member in also if member in found}}
    if found.get("MonitoringInterval"):
        made |= {member: found[member] for member in ("MonitoringInterval", "MonitoringRoleArn")}
    if found.get("EnabledCloudwatchLogsExports"):
        made["EnableCloudwatchLogsExports"] = found["EnabledCloudwatchLogsExports"]
    return made


def _lacks(found: dict[str, Any], kept: dict[str, Any]) -> bool:
    groups = [one["DBParameterGroupName"] for one in found.get("DBParameterGroups", [])]
    is_now = {**found, "DBParameterGroupName": groups[0] if groups else None}
    return any(is_now.get(member) != value for member, value in kept.items())


def _awaits_reboot(found: dict[str, Any]) -> bool:
    return any(one.get("ParameterApplyStatus") == "pending-reboot" for one in found.get("DBParameterGroups", []))
