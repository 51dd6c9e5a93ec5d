"""What AWS refuses is refused at the call, and what it lists is listed; none of it starts a server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.cloud.rds import PASSWORD, available, connect, create, delete, describe, subnet_group
from tests.fixtures.cloud import REGION, Cloud, code_of
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration
VALUE, COMBINATION = "InvalidParameterValue", "InvalidParameterCombination"
WANTED = {
    "DBInstanceIdentifier": "strict",
    "DBInstanceClass": "db.t4g.micro",
    "Engine": "postgres",
    "MasterUsername": "aura",
    "MasterUserPassword": PASSWORD,
    "AllocatedStorage": 20,
}


@pytest.fixture(scope="module")
def rds(cloud: Cloud) -> Any:
    return cloud.client("rds")


@pytest.fixture(scope="module")
def steady(cloud: Cloud) -> Iterator[dict[str, Any]]:
    """The only server of these tests."""
    create(cloud, "steady", Tags=[{"Key": "team", "Value": "a"}])
    yield available(cloud, "steady")
    delete(cloud, "steady")


def refused(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return code_of(error.value)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"MasterUsername": "admin"}, VALUE),
        ({"MasterUsername": "user"}, VALUE),
        ({"DBInstanceIdentifier": "1bad"}, VALUE),
        ({"DBInstanceIdentifier": "bad--x"}, VALUE),
        ({"AllocatedStorage": None}, VALUE),
        ({"AllocatedStorage": 1}, VALUE),
        ({"MasterUserPassword": None}, VALUE),
        ({"DBInstanceClass": "db.bogus.micro"}, VALUE),
        ({"Port": 80}, VALUE),
        ({"DBName": "select"}, VALUE),
        ({"VpcSecurityGroupIds": ["sg-nosuch"]}, VALUE),
        ({"BackupRetentionPeriod": 99}, VALUE),
        ({"AvailabilityZone": "us-west-2z"}, VALUE),
        ({"DBParameterGroupName": "nosuch"}, "DBParameterGroupNotFound"),
        ({"KmsKeyId": "alias/aws/rds"}, COMBINATION),
        ({"Tags": [{"Key": "aws:x", "Value": "y"}]}, VALUE),
        ({"Tags": [{"Key": f"k{n}", "Value": "y"} for n in range(51)]}, VALUE),
    ],
)
def test_instance_is_refused_at_the_call(rds: Any, change: dict[str, Any], code: str) -> None:
    wanted = {key: value for key, value in {**WANTED, **change}.items() if value is not None}
    assert refused(rds.create_db_instance, **wanted) == code
    assert "strict" not in [found["DBInstanceIdentifier"] for found in rds.describe_db_instances()["DBInstances"]]


def test_security_group_of_another_vpc_is_refused(cloud: Cloud, rds: Any) -> None:
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="elsewhere", Description="d", VpcId=vpc)["GroupId"]
    wanted = {**WANTED, "DBSubnetGroupName": subnet_group(cloud), "VpcSecurityGroupIds": [group]}
    assert refused(rds.create_db_instance, **wanted) == COMBINATION


def test_subnet_group_stays_in_its_vpc(cloud: Cloud, rds: Any) -> None:
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    others = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.8.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]
        for n, zone in enumerate("ab")
    ]
    ids = [subnet["SubnetId"] for subnet in others]
    rds.create_db_subnet_group(DBSubnetGroupName="stays", DBSubnetGroupDescription="d", SubnetIds=cloud.subnets)
    assert refused(rds.modify_db_subnet_group, DBSubnetGroupName="stays", SubnetIds=ids) == "InvalidSubnet"
    mixed = [ids[0], cloud.subnets[1]]
    assert refused(
        rds.create_db_subnet_group, DBSubnetGroupName="mixed", DBSubnetGroupDescription="d", SubnetIds=mixed
    ) == "InvalidSubnet"  # fmt: skip
    for name in ("default", "1x", "a/b"):
        assert refused(
            rds.create_db_subnet_group, DBSubnetGroupName=name, DBSubnetGroupDescription="d", SubnetIds=ids
        ) == VALUE  # fmt: skip


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"BackupRetentionPeriod": 99}, VALUE),
        ({"AllocatedStorage": 10}, VALUE),
        ({"DBInstanceClass": "db.t4g.none"}, VALUE),
        ({"VpcSecurityGroupIds": ["sg-nosuch"]}, VALUE),
        ({"MasterUserPassword": "a b c d e f g"}, VALUE),
        ({"DBParameterGroupName": "nosuch"}, "DBParameterGroupNotFound"),
        ({"EngineVersion": "9.6.1"}, COMBINATION),
        ({"PreferredBackupWindow": "09:00-10:00", "PreferredMaintenanceWindow": "sun:09:30-sun:10:00"}, VALUE),
        ({"NewDBInstanceIdentifier": "renamed"}, "NotImplemented"),
    ],
)
def test_modification_is_refused_and_changes_nothing(rds: Any, steady: Any, change: dict[str, Any], code: str) -> None:
    before = rds.describe_db_instances(DBInstanceIdentifier="steady")["DBInstances"]
    assert refused(rds.modify_db_instance, DBInstanceIdentifier="steady", ApplyImmediately=True, **change) == code
    assert rds.describe_db_instances(DBInstanceIdentifier="steady")["DBInstances"] == before


def test_modifications_wait_for_the_maintenance_window_unless_applied_immediately(
    cloud: Cloud, rds: Any, steady: Any
) -> None:
    wanted = {"AllocatedStorage": 30, "DBInstanceClass": "db.t4g.small", "DeletionProtection": False}
    found = rds.modify_db_instance(DBInstanceIdentifier="steady", **wanted)["DBInstance"]
    waiting = {"AllocatedStorage": 30, "DBInstanceClass": "db.t4g.small"}
    assert found["PendingModifiedValues"] == waiting
    found = available(cloud, "steady")
    assert (found["AllocatedStorage"], found["DBInstanceClass"]) == (20, "db.t4g.micro")
    assert found["PendingModifiedValues"] == waiting
    rds.modify_db_instance(DBInstanceIdentifier="steady", AllocatedStorage=31, ApplyImmediately=True)
    found = available(cloud, "steady")
    assert (found["AllocatedStorage"], found["DBInstanceClass"]) == (31, "db.t4g.small")
    assert found["PendingModifiedValues"] == {}


def test_identifiers_and_arns_name_the_instance_only_in_its_region_and_account(rds: Any, steady: Any) -> None:
    arn = steady["DBInstanceArn"]
    assert describe_by(rds, DBInstanceIdentifier=arn) == ["steady"]
    assert describe_by(rds, Filters=[{"Name": "db-instance-id", "Values": [arn]}]) == ["steady"]
    assert describe_by(rds, Filters=[{"Name": "dbi-resource-id", "Values": [steady["DbiResourceId"]]}]) == ["steady"]
    assert describe_by(rds, Filters=[{"Name": "engine", "Values": ["mysql"]}]) == []
    for other in (arn.replace(REGION, "us-east-1"), arn.replace("123456789012", "999999999999")):
        assert refused(rds.describe_db_instances, DBInstanceIdentifier=other) == "DBInstanceNotFound"
    unknown = [{"Name": "colour", "Values": ["red"]}]
    assert refused(rds.describe_db_instances, Filters=unknown) == VALUE
    assert refused(rds.describe_db_instances, Marker="bogus") == VALUE


def describe_by(rds: Any, **arguments: Any) -> list[str]:
    return [found["DBInstanceIdentifier"] for found in rds.describe_db_instances(**arguments)["DBInstances"]]


def test_tags_follow_the_rules(rds: Any, steady: Any) -> None:
    arn = steady["DBInstanceArn"]
    base = f"arn:aws:rds:{REGION}:123456789012"
    for name, code in (
        ("nonsense", VALUE),
        (arn.replace(REGION, "us-east-1"), VALUE),
        ("arn:aws:lambda:us-west-2:123456789012:function:f", VALUE),
        (f"{base}:db:nosuch", "DBInstanceNotFound"),
        (f"{base}:subgrp:nosuch", "DBSubnetGroupNotFoundFault"),
        (f"{base}:pg:nosuch", "DBParameterGroupNotFound"),
        (f"{base}:snapshot:nosuch", "DBSnapshotNotFound"),
    ):
        assert refused(rds.list_tags_for_resource, ResourceName=name) == code
    for key in ("aws:x", "rds:x", "a*b", ""):
        assert refused(rds.add_tags_to_resource, ResourceName=arn, Tags=[{"Key": key, "Value": "v"}]) == VALUE
    rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "b", "Value": "c"}])
    rds.remove_tags_from_resource(ResourceName=arn, TagKeys=["team"])
    assert rds.list_tags_for_resource(ResourceName=arn)["TagList"] == [{"Key": "b", "Value": "c"}]


def test_default_parameter_groups_are_listed_described_and_kept(rds: Any) -> None:
    groups = rds.describe_db_parameter_groups()["DBParameterGroups"]
    (default,) = [group for group in groups if group["DBParameterGroupName"] == "default.postgres15"]
    assert default["DBParameterGroupArn"] == f"arn:aws:rds:{REGION}:123456789012:pg:default.postgres15"
    pages = rds.get_paginator("describe_db_parameters").paginate(DBParameterGroupName="default.postgres15")
    parameters = [parameter for page in pages for parameter in page["Parameters"]]
    assert len(parameters) > 300
    assert {parameter["Source"] for parameter in parameters} == {"system", "engine-default"}
    assert refused(
        rds.create_db_parameter_group,
        DBParameterGroupName="default.foo",
        DBParameterGroupFamily="postgres15",
        Description="d",
    ) == VALUE  # fmt: skip


def test_parameter_groups_are_set_copied_and_reset(rds: Any) -> None:
    rds.create_db_parameter_group(DBParameterGroupName="set", DBParameterGroupFamily="postgres15", Description="d")
    given = [
        {"ParameterName": "max_connections", "ParameterValue": "150", "ApplyMethod": "pending-reboot"},
        {"ParameterName": "work_mem", "ParameterValue": "8192", "ApplyMethod": "pending-reboot"},
    ]
    rds.modify_db_parameter_group(DBParameterGroupName="set", Parameters=given)
    rds.copy_db_parameter_group(
        SourceDBParameterGroupIdentifier="set",
        TargetDBParameterGroupIdentifier="copied",
        TargetDBParameterGroupDescription="d",
    )
    rds.reset_db_parameter_group(
        DBParameterGroupName="set", Parameters=[{"ParameterName": "work_mem", "ApplyMethod": "immediate"}]
    )
    assert user_parameters(rds, "set") == {"max_connections": ("150", "pending-reboot")}
    assert user_parameters(rds, "copied") == {
        "max_connections": ("150", "pending-reboot"),
        "work_mem": ("8192", "pending-reboot"),
    }
    rds.reset_db_parameter_group(DBParameterGroupName="copied", ResetAllParameters=True)
    assert user_parameters(rds, "copied") == {}
    banana = [{"ParameterName": "max_connections", "ParameterValue": "banana", "ApplyMethod": "pending-reboot"}]
    assert refused(rds.modify_db_parameter_group, DBParameterGroupName="set", Parameters=banana) == VALUE
    assert user_parameters(rds, "set") == {"max_connections": ("150", "pending-reboot")}


def user_parameters(rds: Any, group: str) -> dict[str, tuple[str, str]]:
    listed = rds.describe_db_parameters(DBParameterGroupName=group, Source="user")["Parameters"]
    return {found["ParameterName"]: (found["ParameterValue"], found["ApplyMethod"]) for found in listed}


def test_offers_and_events_are_described(cloud: Cloud, rds: Any, steady: Any) -> None:
    options = rds.describe_orderable_db_instance_options(Engine="postgres", DBInstanceClass="db.t4g.micro")
    (option,) = options["OrderableDBInstanceOptions"]
    (version,) = rds.describe_db_engine_versions(Engine="postgres")["DBEngineVersions"]
    assert option["EngineVersion"] == version["EngineVersion"] == steady["EngineVersion"]
    for name, value, count in (("engine-version", version["EngineVersion"], 1), ("engine", "mysql", 0)):
        filters = [{"Name": name, "Values": [value]}]
        assert len(rds.describe_db_engine_versions(Filters=filters)["DBEngineVersions"]) == count
    assert refused(rds.describe_db_engine_versions, Filters=[{"Name": "nosuch", "Values": ["x"]}]) == VALUE
    one = [{"Name": "parameter-name", "Values": ["work_mem"]}]
    (found,) = rds.describe_db_parameters(DBParameterGroupName="default.postgres15", Filters=one)["Parameters"]
    assert found["ParameterName"] == "work_mem"
    (certificate,) = rds.describe_certificates()["Certificates"]
    assert certificate["CertificateIdentifier"] == describe(cloud, "steady")["CACertificateIdentifier"]
    events = rds.describe_events(SourceType="db-instance", SourceIdentifier="steady")["Events"]
    assert "DB instance created" in [event["Message"] for event in events]
    assert rds.describe_events(SourceType="db-snapshot", SourceIdentifier="steady")["Events"] == []
    assert refused(rds.describe_events, SourceIdentifier="steady") == COMBINATION
    assert refused(rds.describe_events, Duration=99999) == VALUE


def test_requests_that_contradict_themselves_are_refused(rds: Any, steady: Any) -> None:
    delete = rds.delete_db_instance
    assert refused(delete, DBInstanceIdentifier="steady") == COMBINATION
    both = {"SkipFinalSnapshot": True, "FinalDBSnapshotIdentifier": "fs"}
    assert refused(delete, DBInstanceIdentifier="steady", **both) == COMBINATION
    assert refused(delete, DBInstanceIdentifier="steady", FinalDBSnapshotIdentifier="f--s") == VALUE
    assert refused(rds.reboot_db_instance, DBInstanceIdentifier="steady", ForceFailover=True) == COMBINATION
    replica = {"DBInstanceIdentifier": "never", "SourceDBInstanceIdentifier": "steady"}  # it has no automated backups
    assert refused(rds.create_db_instance_read_replica, **replica) == "InvalidDBInstanceState"
    assert refused(rds.promote_read_replica, DBInstanceIdentifier="steady") == "InvalidDBInstanceState"
    assert refused(rds.start_db_instance, DBInstanceIdentifier="steady") == "InvalidDBInstanceState"
    assert refused(rds.create_db_snapshot, DBInstanceIdentifier="steady", DBSnapshotIdentifier="1x") == VALUE
    assert refused(rds.describe_db_snapshots, DBSnapshotIdentifier="nosuch") == "DBSnapshotNotFound"
    assert refused(rds.describe_db_snapshots, SnapshotType="nosuch") == VALUE


def test_server_that_its_parameters_keep_from_starting_says_so_and_comes_back_without_them(
    cloud: Cloud, rds: Any
) -> None:
    rds.create_db_parameter_group(DBParameterGroupName="huge", DBParameterGroupFamily="postgres15", Description="d")
    too_much = {"ParameterName": "shared_buffers", "ParameterValue": "1073741823", "ApplyMethod": "pending-reboot"}
    rds.modify_db_parameter_group(DBParameterGroupName="huge", Parameters=[too_much])
    create(cloud, "incompatible", DBParameterGroupName="huge")
    until(
        "it to be found incompatible",
        lambda: describe(cloud, "incompatible")["DBInstanceStatus"] == "incompatible-parameters",
    )
    rds.reset_db_parameter_group(DBParameterGroupName="huge", ResetAllParameters=True)
    rds.reboot_db_instance(DBInstanceIdentifier="incompatible")
    connect(available(cloud, "incompatible")).close()
    delete(cloud, "incompatible")


def test_instance_moves_to_another_port(cloud: Cloud, rds: Any, steady: Any) -> None:
    assert refused(rds.modify_db_instance, DBInstanceIdentifier="steady", DBPortNumber=80) == VALUE
    rds.modify_db_instance(DBInstanceIdentifier="steady", DBPortNumber=6543)
    moved = available(cloud, "steady")
    assert moved["Endpoint"]["Port"] == 6543
    connect(moved).close()


def test_log_files_are_listed_and_read_in_portions(rds: Any, steady: Any) -> None:
    (file,) = rds.describe_db_log_files(DBInstanceIdentifier="steady")["DescribeDBLogFiles"]
    assert file["Size"] > 0
    named = {"DBInstanceIdentifier": "steady", "LogFileName": file["LogFileName"]}
    first = rds.download_db_log_file_portion(**named, Marker="0", NumberOfLines=1)
    assert (first["LogFileData"].count("\n"), first["AdditionalDataPending"]) == (1, True)
    rest = rds.download_db_log_file_portion(**named, Marker=first["Marker"])
    assert "database system is ready to accept connections" in first["LogFileData"] + rest["LogFileData"]
    named["LogFileName"] = "error/../../superuser"
    assert refused(rds.download_db_log_file_portion, **named) == "DBLogFileNotFoundFault"
