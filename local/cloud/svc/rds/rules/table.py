"""The rules of values: which AWS refuses, with which code, and where it says so. Pure functions of the request.

A rule applies to every operation that has one of its parameters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.cloud.svc.rds import schedule
from local.cloud.svc.rds.classes import CLASSES
from local.cloud.svc.rds.rules.words import DATABASES, KEYWORDS, ROLES

_API = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/"
_GUIDE = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/"
_VALUE, _COMBINATION = "InvalidParameterValue", "InvalidParameterCombination"
_STORAGE = {"gp2": (20, 65536), "gp3": (20, 65536), "io1": (100, 65536), "io2": (100, 65536), "standard": (5, 3072)}
"""GiB by storage type."""
_PROVISIONED = 400
"""GiB from which gp3 volumes of PostgreSQL take IOPS and throughput of one's own."""
LOGS = ("iam-db-auth-error", "postgresql", "upgrade")
CERTIFICATES = ("rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1")

Request = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    parameters: tuple[str, ...]
    """The rule applies when the request has one of them."""
    code: str
    source: str
    broken: Callable[[Request], str | None]
    """What is wrong, or None."""


def violation(request: Request, new: tuple[str, ...] = ()) -> tuple[Rule, str] | None:
    """The first rule that the request breaks, and what is wrong. `new` are the parameters that name a new resource."""
    for rule in (*(NAMES[parameter] for parameter in new), *RULES):
        if any(request.get(parameter) is not None for parameter in rule.parameters):
            wrong = rule.broken(request)
            if wrong is not None:
                return rule, wrong
    return None


def _pattern(parameter: str, pattern: str, described: str, code: str, source: str) -> Rule:
    compiled = re.compile(pattern)

    def broken(request: Request) -> str | None:
        wrong = not compiled.fullmatch(request[parameter])
        return (
            f"The parameter {parameter} is not valid: {request[parameter]!r}. It must be {described}."
            if wrong
            else None
        )

    return Rule((parameter,), code, source, broken)


def _identifier(parameter: str, longest: int, operation: str) -> Rule:
    pattern = rf"(?=.{{1,{longest}}}$)[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*"
    described = (
        f"1 to {longest} ASCII letters, digits and hyphens, begin with a letter, and neither end with a hyphen nor"
        " contain two in a row"
    )
    return _pattern(parameter, pattern, described, _VALUE, _API + f"API_{operation}.html")


def _range(parameter: str, least: int, most: int, source: str) -> Rule:
    def broken(request: Request) -> str | None:
        value = request[parameter]
        return None if least <= value <= most else f"Invalid value {value} for {parameter}: {least} to {most} is valid."

    return Rule((parameter,), _VALUE, source, broken)


def _choice(parameter: str, choices: tuple[Any, ...], code: str, source: str) -> Rule:
    def broken(request: Request) -> str | None:
        value = request[parameter]
        return None if value in choices else f"Invalid {parameter}: {value}. Valid: {', '.join(map(str, choices))}."

    return Rule((parameter,), code, source, broken)


def _user(request: Request) -> str | None:
    name = request["MasterUsername"]
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,15}", name):
        return (
            f"MasterUsername {name!r} is not valid. It has 1 to 16 letters, digits and underscores, the first a letter."
        )
    if name.lower() in KEYWORDS | ROLES or name.lower().startswith("pg_"):
        return f"MasterUsername {name} cannot be used as it is a reserved word used by the engine"
    return None


def _password(request: Request) -> str | None:
    given = request["MasterUserPassword"]
    if 8 <= len(given) <= 128 and all(" " < character <= "~" and character not in '/@"' for character in given):
        return None
    allowed = "8 to 128 printable ASCII characters besides '/', '@', '\"' and ' '"
    return f"The parameter MasterUserPassword is not a valid password. It has {allowed}."


def _database(request: Request) -> str | None:
    name = request["DBName"]
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,62}", name):
        return f"DBName {name!r} is not valid. It has 1 to 63 letters, digits and underscores, the first a letter."
    if name.lower() in KEYWORDS | DATABASES:
        return f"DBName {name} cannot be used as it is a reserved word used by the engine"
    return None


def _storage_type(request: Request) -> str:
    return request.get("StorageType") or ("io1" if request.get("Iops") else "gp2")


def _storage(request: Request) -> str | None:
    type, size = _storage_type(request), request["AllocatedStorage"]
    least, most = _STORAGE.get(type, (0, 1 << 30))
    if least <= size <= most:
        return None
    return f"Invalid storage size for engine name postgres and storage type {type}: {size} GiB, not {least} to {most}."


def _growth(request: Request) -> str | None:
    size, most = request.get("AllocatedStorage"), request["MaxAllocatedStorage"]
    if size is not None and most and most < size:
        return f"Max storage size {most} must not be below the storage size {size}."
    return None if most <= 65536 else f"Max storage size {most} is above 65536."


def _iops(request: Request) -> str | None:
    type, size, iops = _storage_type(request), request.get("AllocatedStorage"), request.get("Iops")
    throughput = request.get("StorageThroughput")
    if throughput is not None and type != "gp3":
        return f"StorageThroughput is not for the storage type {type}."
    if iops is not None and type in ("gp2", "standard"):
        return f"Iops is not for the storage type {type}."
    if type == "gp3" and size is not None and size < _PROVISIONED:
        return (
            "You can't specify IOPS or storage throughput for engine postgres and a storage size less than"
            f" {_PROVISIONED}."
        )
    if iops is not None and size is not None and type != "gp3" and not 0.5 * size <= iops <= 50 * size:
        return f"{iops} IOPS are not 0.5 to 50 times the {size} GiB of storage."
    return None


def _needs_iops(request: Request) -> str | None:
    if request["StorageType"] in ("io1", "io2") and request.get("Iops") is None and "AllocatedStorage" in request:
        return f"You must specify Iops for the storage type {request['StorageType']}."
    return None


def _class(request: Request) -> str | None:
    name = request["DBInstanceClass"]
    return None if name in CLASSES else f"Invalid DB Instance class: {name}"


def _backup_window(request: Request) -> str | None:
    parsed = schedule.daily(request["PreferredBackupWindow"])
    if parsed is None:
        return f"PreferredBackupWindow {request['PreferredBackupWindow']!r} is not of the form hh24:mi-hh24:mi."
    return None if parsed[1] >= 30 else "The backup window must be at least 30 minutes."


def _maintenance_window(request: Request) -> str | None:
    parsed = schedule.weekly(request["PreferredMaintenanceWindow"])
    if parsed is None:
        return f"Invalid maintenance window {request['PreferredMaintenanceWindow']!r}: it is ddd:hh24:mi-ddd:hh24:mi."
    return None if 30 <= parsed[1] < 24 * 60 else "The maintenance window must be 30 minutes to less than 24 hours."


def _windows(request: Request) -> str | None:
    backup, maintenance = request.get("PreferredBackupWindow"), request.get("PreferredMaintenanceWindow")
    first, second = schedule.daily(backup or ""), schedule.weekly(maintenance or "")
    if first is not None and second is not None and schedule.overlap(first, second):
        return f"The backup window {backup} and the maintenance window {maintenance} must not overlap."
    return None


def _monitoring(request: Request) -> str | None:
    interval, role = request.get("MonitoringInterval", 0), request.get("MonitoringRoleArn")
    if interval and not role:
        return "A MonitoringRoleArn value is required if you specify a MonitoringInterval value other than 0."
    return (
        "A MonitoringInterval other than 0 is required if you specify a MonitoringRoleArn."
        if role and not interval
        else None
    )


def _insights_retention(request: Request) -> str | None:
    days = request["PerformanceInsightsRetentionPeriod"]
    valid = days in (7, 731) or (days % 31 == 0 and 1 <= days // 31 <= 23)
    return (
        None
        if valid
        else f"Invalid Performance Insights retention period: {days}. 7, 731 and 31 to 713 in steps of 31 are valid."
    )


def _insights(request: Request) -> str | None:
    for name in ("PerformanceInsightsKMSKeyId", "PerformanceInsightsRetentionPeriod"):
        if request.get(name) and request.get("EnablePerformanceInsights") is False:
            return f"{name} can be given only with EnablePerformanceInsights."
    return None


def _logs(request: Request) -> str | None:
    exports = request.get("CloudwatchLogsExportConfiguration") or {}
    lists = (request.get("EnableCloudwatchLogsExports"), exports.get("EnableLogTypes"), exports.get("DisableLogTypes"))
    unknown = sorted({name for names in lists for name in names or () if name not in LOGS})
    return (
        f"You cannot use the log types '{', '.join(unknown)}' with engine postgres. Valid: {', '.join(LOGS)}."
        if unknown
        else None
    )


def _zone(request: Request) -> str | None:
    if request.get("MultiAZ"):
        return "Requesting a specific availability zone is not valid for Multi-AZ instances."
    return None


def _not_of_postgres(parameter: str) -> Rule:
    def broken(request: Request) -> str | None:
        return f"{parameter} is not for the engine postgres." if request[parameter] else None

    return Rule((parameter,), _COMBINATION, _API + "API_CreateDBInstance.html", broken)


_CREATE, _MODIFY = _API + "API_CreateDBInstance.html", _API + "API_ModifyDBInstance.html"

NAMES: dict[str, Rule] = {
    name: _identifier(name, longest, operation)
    for name, longest, operation in (
        ("DBInstanceIdentifier", 63, "CreateDBInstance"),
        ("TargetDBInstanceIdentifier", 63, "RestoreDBInstanceToPointInTime"),
        ("DBSnapshotIdentifier", 255, "CreateDBSnapshot"),
        ("TargetDBSnapshotIdentifier", 255, "CopyDBSnapshot"),
        ("FinalDBSnapshotIdentifier", 255, "DeleteDBInstance"),
        ("DBParameterGroupName", 255, "CreateDBParameterGroup"),
        ("TargetDBParameterGroupIdentifier", 255, "CopyDBParameterGroup"),
    )
}
"""Rules of names, for those that a request gives to a new resource."""
RULES: tuple[Rule, ...] = (
    Rule(("MasterUsername",), _VALUE, _CREATE, _user),
    Rule(("MasterUserPassword",), _VALUE, _CREATE, _password),
    Rule(("DBName",), _VALUE, _CREATE, _database),
    Rule(("DBInstanceClass",), _VALUE, _GUIDE + "Concepts.DBInstanceClass.Support.html", _class),
    _choice("StorageType", tuple(_STORAGE), _VALUE, _CREATE),
    Rule(("AllocatedStorage",), _VALUE, _CREATE, _storage),
    Rule(("MaxAllocatedStorage",), _COMBINATION, _GUIDE + "USER_PIOPS.Autoscaling.html", _growth),
    Rule(("Iops", "StorageThroughput"), _COMBINATION, _GUIDE + "CHAP_Storage.html", _iops),
    Rule(("StorageType",), _COMBINATION, _CREATE, _needs_iops),
    _range("Port", 1150, 65535, _CREATE),
    _range("DBPortNumber", 1150, 65535, _MODIFY),
    _range("BackupRetentionPeriod", 0, 35, _CREATE),
    _range("PromotionTier", 0, 15, _CREATE),
    Rule(("PreferredBackupWindow",), _VALUE, _CREATE, _backup_window),
    Rule(("PreferredMaintenanceWindow",), _VALUE, _CREATE, _maintenance_window),
    Rule(("PreferredBackupWindow", "PreferredMaintenanceWindow"), _VALUE, _CREATE, _windows),
    _choice("MonitoringInterval", (0, 1, 5, 10, 15, 30, 60), _VALUE, _CREATE),
    Rule(("MonitoringInterval", "MonitoringRoleArn"), _COMBINATION, _CREATE, _monitoring),
    Rule(("PerformanceInsightsRetentionPeriod",), _VALUE, _CREATE, _insights_retention),
    Rule(("PerformanceInsightsKMSKeyId", "PerformanceInsightsRetentionPeriod"), _COMBINATION, _CREATE, _insights),
    Rule(
        ("EnableCloudwatchLogsExports", "CloudwatchLogsExportConfiguration"),
        _COMBINATION,
        _GUIDE + "USER_LogAccess.Concepts.PostgreSQL.html",
        _logs,
    ),
    Rule(("AvailabilityZone",), _COMBINATION, _CREATE, _zone),
    _choice("LicenseModel", ("postgresql-license",), _COMBINATION, _CREATE),
    _choice("NetworkType", ("IPV4", "DUAL"), _VALUE, _CREATE),
    _choice("BackupTarget", ("region", "outposts", "local"), _VALUE, _CREATE),
    _choice(
        "SnapshotType",
        ("automated", "manual", "shared", "public", "awsbackup"),
        _VALUE,
        _API + "API_DescribeDBSnapshots.html",
    ),
    _choice("CACertificateIdentifier", CERTIFICATES, "CertificateNotFound", _GUIDE + "UsingWithRDS.SSL.html"),
    *(
        _not_of_postgres(name)
        for name in ("CharacterSetName", "NcharCharacterSetName", "Timezone", "DBSecurityGroups", "TdeCredentialArn")
    ),
)
