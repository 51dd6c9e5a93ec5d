"""What RDS refuses, rule by rule: over random values, and by name what people have tried."""

from __future__ import annotations

import string
from typing import Any

import pytest
from botocore.session import get_session
from hypothesis import given
from hypothesis import strategies as st

from local.cloud.svc.rds.rules.table import NAMES, RULES, violation

VALUE, COMBINATION = "InvalidParameterValue", "InvalidParameterCombination"
SERVICE = get_session().get_service_model("rds")
_MEMBERS = SERVICE.operation_model("CreateDBInstance").input_shape.members  # pyright: ignore
TEXTS = [name for name, shape in _MEMBERS.items() if shape.type_name == "string" and name != "DBInstanceIdentifier"]
IDENTIFIERS = st.text(string.ascii_letters + string.digits + "-_. \u00e9", max_size=70)


def code(request: dict[str, Any], *new: str) -> str | None:
    broken = violation(request, new)
    return broken[0].code if broken else None


@given(IDENTIFIERS)
def test_identifier_is_accepted_exactly_when_aws_describes_it_so(text: str) -> None:
    allowed = set(string.ascii_letters + string.digits + "-")
    valid = (
        1 <= len(text) <= 63
        and set(text) <= allowed
        and text[0] in string.ascii_letters
        and not text.endswith("-")
        and "--" not in text
    )
    assert (code({"DBInstanceIdentifier": text}, "DBInstanceIdentifier") is None) == valid


@given(st.integers(-(1 << 31), 1 << 31))
def test_numbers_out_of_range_are_refused(number: int) -> None:
    assert (code({"Port": number}) is None) == (1150 <= number <= 65535)
    assert (code({"BackupRetentionPeriod": number}) is None) == (0 <= number <= 35)
    assert (code({"AllocatedStorage": number}) is None) == (20 <= number <= 65536)
    assert (code({"MonitoringInterval": number, "MonitoringRoleArn": "r"}) is None) == (
        number in (1, 5, 10, 15, 30, 60)
    )


@given(st.text(max_size=140))
def test_password_has_printable_characters_of_ascii_but_four(text: str) -> None:
    allowed = set(string.printable) - set(string.whitespace) - set('/@"')
    assert (code({"MasterUserPassword": text}) is None) == (8 <= len(text) <= 128 and set(text) <= allowed)


@given(st.text(max_size=30))
def test_no_text_breaks_a_rule_otherwise_than_by_its_error(text: str) -> None:
    for name in TEXTS:
        assert code({name: text}) in (None, VALUE, COMBINATION, "CertificateNotFound")


def test_every_rule_has_a_source_and_an_error_that_rds_knows() -> None:
    known = {shape.metadata.get("error", {}).get("code", shape.name) for shape in SERVICE.error_shapes}
    for rule in (*RULES, *NAMES.values()):
        assert rule.source.startswith("https://docs.aws.amazon.com/AmazonRDS/latest/")
        assert rule.code in known | {VALUE, COMBINATION}


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        *(({"MasterUsername": name}, VALUE) for name in ("admin", "user", "ADMIN", "admin-x", "1a", "pg_x", "a" * 17)),
        *(
            ({"MasterUsername": name}, VALUE)
            for name in ("rdsadmin", "select", "rds_superuser", "table", "\u00e9l\u00e8ve")
        ),
        *(({"MasterUsername": name}, None) for name in ("aura", "postgres", "root", "app_1")),
        *(({"DBName": name}, VALUE) for name in ("select", "Table", "1x", "a-b", "rdsadmin", "template1", "a" * 64)),
        *(({"DBName": name}, None) for name in ("accounts", "a_1")),
        *(({"DBInstanceClass": name}, VALUE) for name in ("db.bogus.micro", "t4g.micro", "db.t4g.nano", "db.m5.huge")),
        *(({"DBInstanceClass": name}, None) for name in ("db.t4g.micro", "db.r7g.16xlarge", "db.m6i.large")),
        ({"StorageType": "gp9"}, VALUE),
        ({"StorageType": "io1", "AllocatedStorage": 100}, COMBINATION),
        ({"StorageType": "io1", "AllocatedStorage": 100, "Iops": 3000}, None),
        ({"StorageType": "io1", "AllocatedStorage": 100, "Iops": 30000}, COMBINATION),
        ({"StorageType": "io1", "AllocatedStorage": 99, "Iops": 3000}, VALUE),
        ({"StorageType": "gp3", "AllocatedStorage": 20, "Iops": 4000}, COMBINATION),
        ({"StorageType": "gp3", "AllocatedStorage": 400, "Iops": 12000}, None),
        ({"StorageType": "gp2", "AllocatedStorage": 400, "StorageThroughput": 500}, COMBINATION),
        ({"StorageType": "standard", "AllocatedStorage": 5}, None),
        ({"StorageType": "standard", "AllocatedStorage": 4000}, VALUE),
        ({"AllocatedStorage": 100, "MaxAllocatedStorage": 50}, COMBINATION),
        ({"AllocatedStorage": 20, "MaxAllocatedStorage": 20}, None),
        ({"PreferredBackupWindow": "08:00-08:29"}, VALUE),
        ({"PreferredBackupWindow": "23:45-00:15"}, None),
        ({"PreferredBackupWindow": "24:00-25:00"}, VALUE),
        ({"PreferredMaintenanceWindow": "sun:23:45-mon:00:15"}, None),
        ({"PreferredMaintenanceWindow": "sun:09:00-sun:09:20"}, VALUE),
        ({"PreferredMaintenanceWindow": "son:09:00-son:10:00"}, VALUE),
        ({"PreferredBackupWindow": "08:00-09:00", "PreferredMaintenanceWindow": "sun:08:30-sun:09:30"}, VALUE),
        ({"PreferredBackupWindow": "23:30-00:30", "PreferredMaintenanceWindow": "mon:00:00-mon:01:00"}, VALUE),
        ({"PreferredBackupWindow": "08:00-09:00", "PreferredMaintenanceWindow": "sun:09:00-sun:10:00"}, None),
        ({"MonitoringInterval": 60}, COMBINATION),
        ({"MonitoringRoleArn": "arn:aws:iam::123456789012:role/r"}, COMBINATION),
        ({"PerformanceInsightsRetentionPeriod": 94, "EnablePerformanceInsights": True}, VALUE),
        ({"PerformanceInsightsRetentionPeriod": 93, "EnablePerformanceInsights": True}, None),
        ({"PerformanceInsightsRetentionPeriod": 93, "EnablePerformanceInsights": False}, COMBINATION),
        ({"EnableCloudwatchLogsExports": ["postgresql", "slowquery"]}, COMBINATION),
        ({"CloudwatchLogsExportConfiguration": {"EnableLogTypes": ["upgrade"]}}, None),
        ({"AvailabilityZone": "us-west-2a", "MultiAZ": True}, COMBINATION),
        ({"LicenseModel": "bring-your-own-license"}, COMBINATION),
        ({"CharacterSetName": "UTF8"}, COMBINATION),
        ({"CACertificateIdentifier": "rds-ca-2019"}, "CertificateNotFound"),
    ],
)
def test_request(request_: dict[str, Any], expected: str | None) -> None:
    assert code(request_) == expected
