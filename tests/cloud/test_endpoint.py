"""The endpoint can be killed at any moment: nothing is forgotten and engines are adopted, not started again."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import psycopg
import pytest

from local.cloud import endpoint
from local.cloud.strict.cloudfront.managed import CACHE
from tests.fixtures.cloud import REGION, Cloud
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration
PASSWORD = secrets.token_urlsafe(16)


@pytest.fixture(scope="module")
def database(cloud: Cloud) -> dict[str, Any]:
    """An available RDS instance."""
    rds = cloud.client("rds")
    rds.create_db_instance(
        DBInstanceIdentifier="durable",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        DBName="durable",
        MasterUsername="aura",
        MasterUserPassword=PASSWORD,
        AllocatedStorage=20,
        BackupRetentionPeriod=0,
    )
    until("the instance to be available", lambda: describe(cloud)["DBInstanceStatus"] == "available")
    return describe(cloud)


def describe(cloud: Cloud) -> dict[str, Any]:
    return cloud.client("rds").describe_db_instances(DBInstanceIdentifier="durable")["DBInstances"][0]


def query(database: dict[str, Any], statement: str) -> None:
    at = database["Endpoint"]
    uri = f"postgresql://aura:{PASSWORD}@{at['Address']}:{at['Port']}/durable"
    with psycopg.connect(uri, connect_timeout=5) as connection:
        connection.execute(statement)  # pyright: ignore[reportArgumentType, reportCallIssue]


def test_killed_endpoint_forgets_nothing_and_adopts_its_engines(cloud: Cloud, database: dict[str, Any]) -> None:
    pids = cloud.pids()
    with_time = {"LatestRestorableTime"}
    endpoint.process(cloud.site).kill()
    query(database, "CREATE TABLE written_without_endpoint (v int)")
    endpoint.start(cloud.site)
    endpoint.wait_for_engines(cloud.site)
    after = describe(cloud)
    assert {k: after[k] for k in after.keys() - with_time} == {k: database[k] for k in database.keys() - with_time}
    assert cloud.pids() == pids


def test_instance_asked_for_before_the_endpoint_was_killed_comes_to_be(cloud: Cloud) -> None:
    group = {"ReplicationGroupId": "asked", "ReplicationGroupDescription": "asked", "CacheNodeType": "cache.t4g.micro"}
    cloud.client("elasticache").create_replication_group(**group)
    endpoint.process(cloud.site).kill()
    endpoint.start(cloud.site)
    client = cloud.client("elasticache")

    def status() -> str:
        return client.describe_replication_groups(ReplicationGroupId="asked")["ReplicationGroups"][0]["Status"]

    until("the group to be available", lambda: status() == "available")
    client.delete_replication_group(ReplicationGroupId="asked")


def test_engines_stop_with_their_data_and_come_back_at_their_addresses(cloud: Cloud, database: dict[str, Any]) -> None:
    query(database, "CREATE TABLE kept AS SELECT 1 AS v")
    endpoint.stop(cloud.site, engines=True)
    assert not endpoint.running(cloud.site)
    assert not cloud.processes()
    with pytest.raises(psycopg.OperationalError):
        query(database, "SELECT v FROM kept")
    endpoint.start(cloud.site)
    endpoint.wait_for_engines(cloud.site)
    assert describe(cloud)["Endpoint"] == database["Endpoint"]
    query(database, "SELECT v FROM kept")


def test_engines_stop_even_when_their_endpoint_was_killed(cloud: Cloud, database: dict[str, Any]) -> None:
    endpoint.process(cloud.site).kill()
    assert [pid for pid in cloud.pids().values() if pid]
    endpoint.stop(cloud.site, engines=True)
    assert not [pid for pid in cloud.pids().values() if pid]
    endpoint.start(cloud.site)
    endpoint.wait_for_engines(cloud.site)


def test_second_start_finds_the_first(cloud: Cloud) -> None:
    assert endpoint.start(cloud.site) == endpoint.start(cloud.site)


def test_state_is_readable_by_its_owner_alone(cloud: Cloud) -> None:
    assert (cloud.site.home / "cloud" / "state.pickle").stat().st_mode & 0o077 == 0


def test_contents_of_objects_survive_and_go_with_them(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="voices", CreateBucketConfiguration={"LocationConstraint": REGION})
    contents, objects = bytes(range(256)) * 4096, cloud.site.home / "cloud" / "objects"

    def kept() -> int:
        return sum(file.read_bytes() == contents for file in objects.iterdir())

    s3.put_object(Bucket="voices", Key="calm", Body=contents)
    assert kept() == 1
    state = cloud.site.home / "cloud" / "state.pickle"
    assert state.stat().st_size < len(contents)
    endpoint.process(cloud.site).kill()
    endpoint.start(cloud.site)
    assert s3.get_object(Bucket="voices", Key="calm")["Body"].read() == contents
    s3.delete_object(Bucket="voices", Key="calm")
    s3.delete_bucket(Bucket="voices")  # until then the state before has the object
    assert kept() == 0


def everything(cloud: Cloud) -> dict[str, Any]:
    """Descriptions of one resource of each type that moto holds for a platform's region, made on the first call."""
    ec2, kms, iam, s3 = (cloud.client(name) for name in ("ec2", "kms", "iam", "s3"))
    vault, logs, route53 = (cloud.client(name) for name in ("secretsmanager", "logs", "route53"))
    acm, cloudfront = (cloud.client(name, region="us-east-1") for name in ("acm", "cloudfront"))
    return {
        "vpcs": ec2.describe_vpcs()["Vpcs"],
        "subnets": ec2.describe_subnets()["Subnets"],
        "tables": ec2.describe_route_tables()["RouteTables"],
        "gateways": ec2.describe_internet_gateways()["InternetGateways"],
        "nats": ec2.describe_nat_gateways()["NatGateways"],
        "addresses": ec2.describe_addresses()["Addresses"],
        "endpoints": ec2.describe_vpc_endpoints()["VpcEndpoints"],
        "groups": ec2.describe_security_groups()["SecurityGroups"],
        "rules": ec2.describe_security_group_rules()["SecurityGroupRules"],
        "key": kms.describe_key(KeyId="alias/kept")["KeyMetadata"],
        "rotation": kms.get_key_rotation_status(KeyId=cloud.key)["KeyRotationEnabled"],
        "aliases": kms.list_aliases(KeyId=cloud.key)["Aliases"],
        "role": iam.get_role(RoleName="any")["Role"],
        "attached": iam.list_attached_role_policies(RoleName="any")["AttachedPolicies"],
        "inline": iam.get_role_policy(RoleName="any", PolicyName="inline")["PolicyDocument"],
        "oidc": iam.list_open_id_connect_providers()["OpenIDConnectProviderList"],
        "bucket": s3.get_bucket_versioning(Bucket="kept")["Status"],
        "encryption": s3.get_bucket_encryption(Bucket="kept")["ServerSideEncryptionConfiguration"],
        "lifecycle": s3.get_bucket_lifecycle_configuration(Bucket="kept")["Rules"],
        "block": s3.get_public_access_block(Bucket="kept")["PublicAccessBlockConfiguration"],
        "policy": s3.get_bucket_policy(Bucket="kept")["Policy"],
        "secret": vault.get_secret_value(SecretId="kept")["SecretString"],
        "logs": logs.describe_log_groups()["logGroups"],
        "zones": route53.list_hosted_zones()["HostedZones"],
        "records": [
            record
            for zone in route53.list_hosted_zones()["HostedZones"]
            for record in route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
        ],
        "certificates": [
            acm.describe_certificate(CertificateArn=c["CertificateArn"])["Certificate"]["DomainValidationOptions"]
            for c in acm.list_certificates()["CertificateSummaryList"]
        ],
        "distributions": [
            cloudfront.get_distribution_config(Id=d["Id"])["DistributionConfig"]
            for d in cloudfront.list_distributions()["DistributionList"].get("Items", [])
        ],
        "origin access": cloudfront.list_origin_access_controls()["OriginAccessControlList"].get("Items"),
    }


def make_everything(cloud: Cloud) -> None:
    ec2, kms, iam, s3 = (cloud.client(name) for name in ("ec2", "kms", "iam", "s3"))
    vault, logs, route53 = (cloud.client(name) for name in ("secretsmanager", "logs", "route53"))
    acm, cloudfront = (cloud.client(name, region="us-east-1") for name in ("acm", "cloudfront"))
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=cloud.vpc)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=cloud.subnets[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    table = ec2.create_route_table(VpcId=cloud.vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    ec2.associate_route_table(RouteTableId=table, SubnetId=cloud.subnets[1])
    ec2.create_vpc_endpoint(VpcId=cloud.vpc, ServiceName=f"com.amazonaws.{REGION}.s3", RouteTableIds=[table])
    group = ec2.create_security_group(GroupName="kept", Description="kept", VpcId=cloud.vpc)["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [{"GroupId": group}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    kms.enable_key_rotation(KeyId=cloud.key)
    kms.create_alias(AliasName="alias/kept", TargetKeyId=cloud.key)
    assert cloud.role
    iam.attach_role_policy(RoleName="any", PolicyArn="arn:aws:iam::aws:policy/AmazonEKSClusterPolicy")
    reading = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::kept/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [reading]})
    iam.put_role_policy(RoleName="any", PolicyName="inline", PolicyDocument=document)
    iam.create_open_id_connect_provider(Url="https://oidc.example.com/id/1", ClientIDList=["sts.amazonaws.com"])
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": cloud.key}}
    s3.put_bucket_encryption(Bucket="kept", ServerSideEncryptionConfiguration={"Rules": [default]})
    expiry = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}}
    rules = [{**expiry, "NoncurrentVersionExpiration": {"NoncurrentDays": 7}}]
    s3.put_bucket_lifecycle_configuration(Bucket="kept", LifecycleConfiguration={"Rules": rules})
    blocked = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(Bucket="kept", PublicAccessBlockConfiguration=dict.fromkeys(blocked, True))
    of_the_role = {**reading, "Principal": {"AWS": cloud.role}}
    s3.put_bucket_policy(Bucket="kept", Policy=json.dumps({"Version": "2012-10-17", "Statement": [of_the_role]}))
    vault.create_secret(Name="kept", SecretString="kept", KmsKeyId=cloud.key)
    logs.create_log_group(logGroupName="kept")
    zone = route53.create_hosted_zone(Name="example.com", CallerReference="test-kept")["HostedZone"]["Id"]
    record = {"Name": "a.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "127.0.0.1"}]}
    change = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=change)
    acm.request_certificate(DomainName="media.example.com", ValidationMethod="DNS")
    access = {"SigningProtocol": "sigv4", "SigningBehavior": "always", "OriginAccessControlOriginType": "s3"}
    control = cloudfront.create_origin_access_control(OriginAccessControlConfig={"Name": "kept", **access})
    origin = {
        "Id": "media",
        "DomainName": "kept.s3.amazonaws.com",
        "OriginAccessControlId": control["OriginAccessControl"]["Id"],
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
    behaviour = {"TargetOriginId": "media", "ViewerProtocolPolicy": "https-only", "CachePolicyId": CACHE["Amplify"]}
    cloudfront.create_distribution(
        DistributionConfig={
            "CallerReference": "test-kept",
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": behaviour,
        }
    )


def test_every_type_of_resource_survives_a_kill(cloud: Cloud) -> None:
    make_everything(cloud)
    before = everything(cloud)
    assert all(before.values()), {name for name, found in before.items() if not found}
    endpoint.process(cloud.site).kill()
    endpoint.start(cloud.site)
    assert everything(cloud) == before


def test_log_has_the_start(cloud: Cloud) -> None:
    assert "serving" in Path(endpoint.process(cloud.site).log).read_text()
