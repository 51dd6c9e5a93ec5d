"""What was acknowledged is on disk and can be read back; what cannot be kept is refused and harms nothing else."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.cloud import endpoint
from local.cloud.state.files import BEFORE, STATE, UNREADABLE
from tests.fixtures.cloud import REGION, Cloud, code_of
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration


def killed(cloud: Cloud) -> None:
    """The endpoint alone, as `kill -9` does."""
    pid = endpoint.process(cloud.site).pid()
    assert pid
    os.kill(pid, signal.SIGKILL)
    until("the endpoint to end", lambda: endpoint.process(cloud.site).pid() is None)


def restarted(cloud: Cloud) -> None:
    killed(cloud)
    endpoint.start(cloud.site)


def parameter_group(cloud: Cloud, name: str) -> None:
    """A write of one of our own services."""
    inputs = {"DBParameterGroupFamily": "postgres15", "Description": name}
    cloud.client("rds").create_db_parameter_group(DBParameterGroupName=name, **inputs)


def test_a_service_that_cannot_be_kept_is_refused_and_harms_no_other(cloud: Cloud) -> None:
    secrets, logs = cloud.client("secretsmanager"), cloud.client("logs")
    secret = secrets.create_secret(Name="test-lambda", SecretString="x")["ARN"]
    logs.create_log_group(logGroupName="test-lambda")
    function = f"arn:aws:lambda:{REGION}:123456789012:function:none"
    attempts: list[tuple[Any, dict[str, Any]]] = [
        (cloud.client("lambda").list_functions, {}),
        (cloud.client("lambda").get_function, {"FunctionName": "none"}),
        (secrets.rotate_secret, {"SecretId": secret, "RotationLambdaARN": function}),
        (
            logs.put_subscription_filter,
            {"logGroupName": "test-lambda", "filterName": "f", "filterPattern": "", "destinationArn": function},
        ),
    ]
    for attempt, inputs in attempts:
        with pytest.raises(ClientError) as refused:
            attempt(**inputs)
        assert code_of(refused.value) in ("NotImplemented", "InvalidParameterException")  # AWS's for no such function
    parameter_group(cloud, "test-lambda")
    restarted(cloud)
    assert cloud.client("rds").describe_db_parameter_groups(DBParameterGroupName="test-lambda")["DBParameterGroups"]
    assert logs.describe_subscription_filters(logGroupName="test-lambda")["subscriptionFilters"] == []


def test_parameters_of_systems_manager_survive_a_kill(cloud: Cloud) -> None:
    ssm = cloud.client("ssm")
    before = ssm.describe_parameters()["Parameters"]
    parameter_group(cloud, "test-ssm")
    restarted(cloud)
    assert ssm.describe_parameters()["Parameters"] == before
    ssm.put_parameter(Name="test-ssm", Type="String", Value="1")
    ssm.put_parameter(Name="test-ssm", Type="String", Value="2", Overwrite=True)
    restarted(cloud)
    assert [each["Value"] for each in ssm.get_parameter_history(Name="test-ssm")["Parameters"]] == ["1", "2"]


def versions(cloud: Cloud, bucket: str) -> list[tuple[str, str, bool]]:
    answer = cloud.client("s3").list_object_versions(Bucket=bucket)
    shown = [*answer.get("Versions", []), *answer.get("DeleteMarkers", [])]
    return [(each["Key"], each["VersionId"], each["IsLatest"]) for each in shown]


def test_versions_of_an_object_stay_until_they_are_deleted_by_id(cloud: Cloud) -> None:
    s3, bucket = cloud.client("s3"), "test-versions"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first, second, third = (s3.put_object(Bucket=bucket, Key="k", Body=str(n))["VersionId"] for n in (1, 2, 3))
    assert len(versions(cloud, bucket)) == 3
    s3.delete_object(Bucket=bucket, Key="k")
    s3.put_object(Bucket=bucket, Key="other", Body="")
    before = versions(cloud, bucket)
    assert len(before) == 5
    restarted(cloud)
    assert versions(cloud, bucket) == before

    def read(version: str) -> str:
        return s3.get_object(Bucket=bucket, Key="k", VersionId=version)["Body"].read().decode()

    assert [read(version) for version in (first, second, third)] == ["1", "2", "3"]
    marker = next(version for key, version, latest in before if key == "k" and latest)
    s3.delete_object(Bucket=bucket, Key="k", VersionId=marker)
    s3.delete_object(Bucket=bucket, Key="k", VersionId=third)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"2"
    restarted(cloud)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"2"
    with pytest.raises(ClientError):
        read(third)
    for key, version, _ in versions(cloud, bucket):
        s3.delete_object(Bucket=bucket, Key=key, VersionId=version)
    assert versions(cloud, bucket) == []
    s3.delete_bucket(Bucket=bucket)


def test_a_read_that_makes_something_keeps_it(cloud: Cloud) -> None:
    cloud.client("kms", region="us-east-1").create_key()
    ec2 = cloud.client("ec2", region="us-east-1")  # moto makes the default VPC of a region when it is asked first
    before = ec2.describe_vpcs()["Vpcs"]
    alias = cloud.client("kms", region="us-east-1").describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["KeyId"]
    restarted(cloud)
    assert ec2.describe_vpcs()["Vpcs"] == before
    assert cloud.client("kms", region="us-east-1").describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["KeyId"] == alias


def test_a_change_that_cannot_be_written_has_no_effect(cloud: Cloud) -> None:
    sqs, rds = cloud.client("sqs"), cloud.client("rds")
    queue = sqs.create_queue(QueueName="test-full")["QueueUrl"]
    obstacle = cloud.site.home / "cloud" / "state.new"
    obstacle.mkdir()  # open() of this name fails, for root too
    try:
        for attempt in (
            lambda: sqs.create_queue(QueueName="test-full-too"),
            lambda: sqs.delete_queue(QueueUrl=queue),
            lambda: parameter_group(cloud, "test-full"),
        ):
            with pytest.raises(ClientError, match="could not write its state"):
                attempt()
        assert sqs.list_queues(QueueNamePrefix="test-full")["QueueUrls"] == [queue]
    finally:
        obstacle.rmdir()
    groups = rds.describe_db_parameter_groups()["DBParameterGroups"]
    assert "test-full" not in {group["DBParameterGroupName"] for group in groups}
    sqs.delete_queue(QueueUrl=queue)
    parameter_group(cloud, "test-full")


def test_an_unreadable_state_leaves_the_one_before_in_use_and_says_so(cloud: Cloud) -> None:
    parameter_group(cloud, "test-before")
    parameter_group(cloud, "test-after")
    folder = cloud.site.home / "cloud"
    killed(cloud)
    whole = (folder / STATE).read_bytes()
    (folder / STATE).write_bytes(whole[:1000])
    endpoint.start(cloud.site)
    assert STATE in endpoint.trouble(cloud.site)
    names = {g["DBParameterGroupName"] for g in cloud.client("rds").describe_db_parameter_groups()["DBParameterGroups"]}
    assert "test-before" in names
    assert "test-after" not in names
    assert (folder / UNREADABLE).read_bytes() == whole[:1000]
    parameter_group(cloud, "test-after")
    restarted(cloud)
    assert endpoint.trouble(cloud.site) == ""
    assert cloud.client("rds").describe_db_parameter_groups(DBParameterGroupName="test-after")["DBParameterGroups"]


def test_without_a_readable_state_nothing_starts_and_everything_stops(cloud: Cloud) -> None:
    group = {"ReplicationGroupDescription": "x", "CacheNodeType": "cache.t4g.micro"}
    cloud.client("elasticache").create_replication_group(ReplicationGroupId="test-stop", **group)
    endpoint.wait_for_engines(cloud.site)
    folder = cloud.site.home / "cloud"
    killed(cloud)
    kept = {name: (folder / name).read_bytes() for name in (STATE, BEFORE)}
    for name in kept:
        (folder / name).write_bytes(b"not a pickle")
    with pytest.raises(endpoint.EngineFailed, match="cannot be read"):
        endpoint.start(cloud.site)
    assert [pid for pid in cloud.pids().values() if pid]
    endpoint.stop(cloud.site, engines=True)
    assert not cloud.processes()
    for name, content in kept.items():
        (folder / name).write_bytes(content)
    endpoint.start(cloud.site)
    endpoint.wait_for_engines(cloud.site)
    cloud.client("elasticache").delete_replication_group(ReplicationGroupId="test-stop")


def test_what_moto_knows_beside_its_backends_is_known_after_a_restart(cloud: Cloud) -> None:
    s3, here, there = cloud.client("s3"), cloud.client("ec2"), cloud.client("ec2", region="us-east-1")
    bucket = {"Bucket": "test-known", "CreateBucketConfiguration": {"LocationConstraint": REGION}}
    s3.create_bucket(**bucket)
    s3.put_object(Bucket="test-known", Key="k", Body=b"x")
    near, far = (ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"] for n, ec2 in ((201, here), (202, there)))
    refused_one = {"LocationConstraint": REGION, "Tags": [{"Key": "aws:a", "Value": "b"}]}
    with pytest.raises(ClientError):  # after moto has made the bucket
        s3.create_bucket(Bucket="test-known-2", CreateBucketConfiguration=refused_one)
    s3.create_bucket(**bucket | {"Bucket": "test-known-2"})
    policies = cloud.client("iam").list_policies(Scope="AWS", PathPrefix="/service-role/")["Policies"]
    restarted(cloud)
    assert cloud.client("iam").list_policies(Scope="AWS", PathPrefix="/service-role/")["Policies"] == policies
    with pytest.raises(ClientError) as refused:
        s3.create_bucket(**bucket)
    assert code_of(refused.value) == "BucketAlreadyOwnedByYou"
    assert s3.get_object(Bucket="test-known", Key="k")["Body"].read() == b"x"
    peering = here.create_vpc_peering_connection(VpcId=near, PeerVpcId=far, PeerRegion="us-east-1")
    id = peering["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    accepted = there.accept_vpc_peering_connection(VpcPeeringConnectionId=id)["VpcPeeringConnection"]
    assert accepted["Status"]["Code"] == "active"
