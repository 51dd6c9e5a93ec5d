"""Automated backups of an instance, copied into another region."""

from __future__ import annotations

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Kind, Search, Waiter

KINDS = (
    Kind(
        type="aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication",
        service="rds",
        create=Call(
            "StartDBInstanceAutomatedBackupsReplication",
            {
                "SourceDBInstanceArn": "{sourceDbInstanceArn}",
                "KmsKeyId": "{kmsKeyId}",
                "BackupRetentionPeriod": "{retentionPeriod}",
            },
        ),
        id=".DBInstanceAutomatedBackup.DBInstanceAutomatedBackupsArn",
        search=Search(
            Call("DescribeDBInstanceAutomatedBackups"),
            "DBInstanceAutomatedBackups[?DBInstanceArn == '{sourceDbInstanceArn}' && Status != 'retained']"
            ".DBInstanceAutomatedBackupsArn",
        ),
        read=Call("DescribeDBInstanceAutomatedBackups", {"DBInstanceAutomatedBackupsArn": "{id}"}),
        found="DBInstanceAutomatedBackups[0]",
        delete=Call("StopDBInstanceAutomatedBackupsReplication", {"SourceDBInstanceArn": "{sourceDbInstanceArn}"}),
        observe={"sourceDbInstanceArn": "DBInstanceArn", "retentionPeriod": "BackupRetentionPeriod"},
        inputs=Inputs(
            source="internal/service/rds/instance_automated_backups_replication.go",
            replacing="kmsKeyId retentionPeriod sourceDbInstanceArn",
            absent={"retentionPeriod": 7},
        ),
        ready=Waiter("Status", frozenset({"replicating"})),
        deleted=Waiter("Status", frozenset({"retained"})),
        delete_before_replace=True,
    ),
)
