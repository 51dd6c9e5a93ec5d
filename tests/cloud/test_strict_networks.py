"""EC2 refuses what AWS refuses: networks in use, and those that cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local.cloud.strict.ec2.ports import refusal
from tests.cloud.rds import create, delete
from tests.fixtures.cloud import REGION, Cloud, code

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def ec2(cloud: Cloud) -> Any:
    return cloud.client("ec2")


@pytest.fixture(scope="module")
def vpc(ec2: Any) -> str:
    return ec2.create_vpc(CidrBlock="10.41.0.0/16")["Vpc"]["VpcId"]


@pytest.fixture
def subnets(ec2: Any, vpc: str) -> Iterator[list[str]]:
    """One in each of two zones; deleted by the tests or here."""
    made = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.41.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]
        for n, zone in enumerate("ab")
    ]
    ids = [subnet["SubnetId"] for subnet in made]
    yield ids
    left = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    for id in set(ids) & {subnet["SubnetId"] for subnet in left}:
        ec2.delete_subnet(SubnetId=id)


def test_what_a_database_uses_stays_until_it_is_deleted(cloud: Cloud, ec2: Any, vpc: str, subnets: list[str]) -> None:
    rds = cloud.client("rds")
    rds.create_db_subnet_group(DBSubnetGroupName="networks", DBSubnetGroupDescription="for a test", SubnetIds=subnets)
    group = ec2.create_security_group(GroupName="networks", Description="for a test", VpcId=vpc)["GroupId"]
    create(cloud, "networks", DBSubnetGroupName="networks", VpcSecurityGroupIds=[group])
    zone = rds.describe_db_instances(DBInstanceIdentifier="networks")["DBInstances"][0]["AvailabilityZone"]
    used = subnets["ab".index(zone[-1])]
    assert code(ec2.delete_subnet, SubnetId=used) == "DependencyViolation"
    assert code(ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    delete(cloud, "networks")
    waited = {"Delay": 1, "MaxAttempts": 120}
    rds.get_waiter("db_instance_deleted").wait(DBInstanceIdentifier="networks", WaiterConfig=waited)
    rds.delete_db_subnet_group(DBSubnetGroupName="networks")
    ec2.delete_security_group(GroupId=group)
    for id in subnets:
        ec2.delete_subnet(SubnetId=id)


def test_what_a_cluster_of_another_service_uses_stays_until_it_is_deleted(
    cloud: Cloud, ec2: Any, vpc: str, subnets: list[str]
) -> None:
    cache = cloud.client("elasticache")
    cache.create_cache_subnet_group(
        CacheSubnetGroupName="networks", CacheSubnetGroupDescription="for a test", SubnetIds=subnets[:1]
    )
    group = ec2.create_security_group(GroupName="cache", Description="for a test", VpcId=vpc)["GroupId"]
    cache.create_replication_group(
        ReplicationGroupId="networks",
        ReplicationGroupDescription="for a test",
        Engine="redis",
        CacheNodeType="cache.t4g.micro",
        CacheSubnetGroupName="networks",
        SecurityGroupIds=[group],
    )
    assert code(ec2.delete_subnet, SubnetId=subnets[0]) == "DependencyViolation"
    assert code(ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    ec2.delete_subnet(SubnetId=subnets[1])
    cache.get_waiter("replication_group_available").wait(
        ReplicationGroupId="networks", WaiterConfig={"Delay": 1, "MaxAttempts": 120}
    )
    cache.delete_replication_group(ReplicationGroupId="networks")
    cache.get_waiter("replication_group_deleted").wait(
        ReplicationGroupId="networks", WaiterConfig={"Delay": 1, "MaxAttempts": 120}
    )
    ec2.delete_security_group(GroupId=group)
    ec2.delete_subnet(SubnetId=subnets[0])


def test_a_subnet_with_a_nat_gateway_and_its_address_stay(ec2: Any, subnets: list[str]) -> None:
    assert code(ec2.create_nat_gateway, SubnetId=subnets[0]) == "MissingParameter"
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    assert code(ec2.delete_subnet, SubnetId=subnets[0]) == "DependencyViolation"
    assert code(ec2.release_address, AllocationId=address) == "InvalidIPAddress.InUse"
    ec2.delete_nat_gateway(NatGatewayId=nat)
    ec2.release_address(AllocationId=address)
    ec2.delete_subnet(SubnetId=subnets[0])
    private = ec2.create_nat_gateway(SubnetId=subnets[1], ConnectivityType="private")["NatGateway"]
    ec2.delete_nat_gateway(NatGatewayId=private["NatGatewayId"])


def test_the_default_group_of_a_vpc_stays(cloud: Cloud, ec2: Any, vpc: str) -> None:
    default = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    (group,) = ec2.describe_security_groups(Filters=default)["SecurityGroups"]
    assert code(ec2.delete_security_group, GroupId=group["GroupId"]) == "CannotDelete"


def test_networks_begin_at_their_first_address(ec2: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.42.0.1/16")["Vpc"]
    assert vpc["CidrBlock"] == vpc["CidrBlockAssociationSet"][0]["CidrBlock"] == "10.42.0.0/16"
    subnet = ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock="10.42.0.1/28", AvailabilityZone=f"{REGION}a")["Subnet"]
    assert subnet["CidrBlock"] == "10.42.0.0/28"
    assert code(ec2.create_subnet, VpcId=vpc["VpcId"], CidrBlock="10.42.1.0/29") == "InvalidSubnet.Range"
    ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    ec2.delete_vpc(VpcId=vpc["VpcId"])


@pytest.mark.parametrize("wrong", ["10.44.0.0", "10.44.0.0/255.255.0.0", "10.44.0.0/16/16", "10.44.0/16", "nonsense"])
def test_a_network_has_the_length_of_its_prefix(ec2: Any, vpc: str, wrong: str) -> None:
    assert code(ec2.create_vpc, CidrBlock=wrong) == "InvalidParameterValue"
    assert code(ec2.create_subnet, VpcId=vpc, CidrBlock=wrong) == "InvalidParameterValue"


def test_a_vpc_has_one_internet_gateway(ec2: Any, vpc: str) -> None:
    one, other = (ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"] for _ in range(2))
    ec2.attach_internet_gateway(InternetGatewayId=one, VpcId=vpc)
    assert code(ec2.attach_internet_gateway, InternetGatewayId=other, VpcId=vpc) == "InvalidParameterValue"
    assert code(ec2.attach_internet_gateway, InternetGatewayId=one, VpcId=vpc) == "Resource.AlreadyAssociated"
    ec2.detach_internet_gateway(InternetGatewayId=one, VpcId=vpc)
    ec2.attach_internet_gateway(InternetGatewayId=other, VpcId=vpc)


def test_a_gateway_endpoint_leads_to_a_service_that_has_them(ec2: Any, vpc: str) -> None:
    bogus = f"com.amazonaws.{REGION}.bogus"
    for more in ({}, {"VpcEndpointType": "Gateway"}):
        assert code(ec2.create_vpc_endpoint, VpcId=vpc, ServiceName=bogus, **more) == "InvalidServiceName"
    made = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3", VpcEndpointType="Gateway")
    ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpoint"]["VpcEndpointId"]])


def test_keys_of_tags_that_are_of_aws_are_refused(ec2: Any, vpc: str) -> None:
    tags = [{"Key": "aws:x", "Value": "1"}]
    assert code(ec2.create_tags, Resources=[vpc], Tags=tags) == "InvalidParameterValue"
    given = [{"ResourceType": "vpc", "Tags": tags}]
    assert code(ec2.create_vpc, CidrBlock="10.43.0.0/16", TagSpecifications=given) == "InvalidParameterValue"
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "awsome", "Value": "1"}])


@pytest.mark.parametrize(("first", "last"), [(9, 6), (70000, 70000), (-1, 80)])
def test_rules_of_groups_have_ports_that_can_be(ec2: Any, vpc: str, first: int, last: int) -> None:
    (group, *_) = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    rule = {"IpProtocol": "tcp", "FromPort": first, "ToPort": last, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    for call in (ec2.authorize_security_group_ingress, ec2.authorize_security_group_egress):
        assert code(call, GroupId=group["GroupId"], IpPermissions=[rule]) == "InvalidParameterValue"


def test_rules_without_ports() -> None:
    assert refusal("-1", None, None) is None
    assert refusal("icmp", 8, 0) is None
    assert refusal("tcp", 0, 65535) is None
    assert refusal("udp", 53, None) is not None
