"""EC2, IAM, CloudWatch Logs and Route 53 answer as AWS does, where moto answers otherwise."""

from __future__ import annotations

import time

import pytest

from tests.fixtures.cloud import REGION, Cloud, code
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration

MANAGED = "arn:aws:iam::aws:policy/AmazonVPCFullAccess"


def test_revoked_rules_are_in_the_response(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    group = ec2.create_security_group(GroupName="test-revoked", Description="x", VpcId=cloud.vpc)["GroupId"]
    ranges = [{"CidrIp": "192.0.2.1/32"}, {"CidrIp": "192.0.2.2/32"}]
    rules = [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "IpRanges": ranges}]
    made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rules)["SecurityGroupRules"]
    first, second = (rule["SecurityGroupRuleId"] for rule in made)
    by_id = ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[first])
    assert [rule["SecurityGroupRuleId"] for rule in by_id["RevokedSecurityGroupRules"]] == [first]
    by_rule = ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[{**rules[0], "IpRanges": ranges[1:]}])
    assert [rule["SecurityGroupRuleId"] for rule in by_rule["RevokedSecurityGroupRules"]] == [second]
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    (gone,) = ec2.revoke_security_group_egress(GroupId=group, IpPermissions=everything)["RevokedSecurityGroupRules"]
    assert (gone["IsEgress"], gone["CidrIpv4"]) == (True, "0.0.0.0/0")


@pytest.mark.parametrize(
    ("operation", "member", "prefix", "expected"),
    [
        ("describe_network_acls", "NetworkAclIds", "acl", "InvalidNetworkAclID.NotFound"),
        ("describe_nat_gateways", "NatGatewayIds", "nat", "NatGatewayNotFound"),
        ("describe_launch_templates", "LaunchTemplateIds", "lt", "InvalidLaunchTemplateId.NotFound"),
        ("describe_managed_prefix_lists", "PrefixListIds", "pl", "InvalidPrefixListID.NotFound"),
        ("describe_flow_logs", "FlowLogIds", "fl", "InvalidFlowLogId.NotFound"),
        ("describe_snapshots", "SnapshotIds", "snap", "InvalidSnapshot.NotFound"),
        ("describe_transit_gateways", "TransitGatewayIds", "tgw", "InvalidTransitGatewayID.NotFound"),
        ("describe_customer_gateways", "CustomerGatewayIds", "cgw", "InvalidCustomerGatewayID.NotFound"),
        ("describe_vpn_connections", "VpnConnectionIds", "vpn", "InvalidVpnConnectionID.NotFound"),
        ("describe_vpn_gateways", "VpnGatewayIds", "vgw", "InvalidVpnGatewayID.NotFound"),
        (
            "describe_vpc_peering_connections",
            "VpcPeeringConnectionIds",
            "pcx",
            "InvalidVpcPeeringConnectionID.NotFound",
        ),
    ],
)
def test_an_unknown_id_is_not_an_empty_list(
    cloud: Cloud, operation: str, member: str, prefix: str, expected: str
) -> None:
    describe = getattr(cloud.client("ec2"), operation)
    assert code(describe, **{member: [f"{prefix}-0123456789abcdef0"]}) == expected


def test_what_exists_is_described_by_its_id(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    found = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [cloud.vpc]}])["NetworkAcls"]
    id = found[0]["NetworkAclId"]
    assert [acl["NetworkAclId"] for acl in ec2.describe_network_acls(NetworkAclIds=[id])["NetworkAcls"]] == [id]


def test_zones_have_their_group(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    groups = {zone["GroupName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"]}
    assert groups == {f"{REGION}-zg-1"}
    assert ec2.describe_availability_zones(Filters=[{"Name": "group-name", "Values": [*groups]}])["AvailabilityZones"]
    other = [{"Name": "group-name", "Values": ["us-east-1-zg-1"]}]
    assert ec2.describe_availability_zones(Filters=other)["AvailabilityZones"] == []
    (one,) = ec2.describe_availability_zones(ZoneNames=[f"{REGION}a"])["AvailabilityZones"]
    assert one["ZoneName"] == f"{REGION}a"
    assert code(ec2.describe_availability_zones, ZoneNames=[f"{REGION}z"]) == "InvalidParameterValue"


def test_all_policies_of_aws_are_listed_and_belong_to_aws(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    pages = iam.get_paginator("list_policies").paginate(Scope="AWS", PaginationConfig={"PageSize": 1000})
    found = [policy["Arn"] for page in pages for policy in page["Policies"]]
    assert MANAGED in found
    assert len(found) == len({*found}) > 1000
    assert iam.list_policies(Scope="AWS", PathPrefix="/service-role/")["Policies"]
    of_aws = [
        policy["Arn"] for policy in iam.list_policies(Scope="Local")["Policies"] if ":aws:policy" in policy["Arn"]
    ]
    assert of_aws == []
    version = {"PolicyArn": "arn:aws:iam::aws:policy/AmazonSQSFullAccess", "VersionId": "v1"}
    assert iam.get_policy_version(**version)["PolicyVersion"]["Document"]["Statement"]
    assert code(iam.delete_policy, PolicyArn=MANAGED) == "AccessDenied"
    document = '{"Version": "2012-10-17", "Statement": []}'
    assert code(iam.create_policy_version, PolicyArn=MANAGED, PolicyDocument=document) == "AccessDenied"
    assert code(iam.tag_policy, PolicyArn=MANAGED, Tags=[{"Key": "a", "Value": "b"}]) == "InvalidInput"
    assert iam.get_policy(PolicyArn=MANAGED)["Policy"]["Arn"] == MANAGED


def test_a_metric_filter_of_the_same_name_is_replaced(cloud: Cloud) -> None:
    logs = cloud.client("logs")
    metrics = [{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}]

    def put(group: str, pattern: str) -> None:
        logs.put_metric_filter(logGroupName=group, filterName="f", filterPattern=pattern, metricTransformations=metrics)

    def found(group: str) -> list[str]:
        filters = logs.describe_metric_filters(logGroupName=group)["metricFilters"]
        (described,) = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
        assert described["metricFilterCount"] == len(filters)
        return [known["filterPattern"] for known in filters]

    for group in ("test-filters-a", "test-filters-b"):
        logs.create_log_group(logGroupName=group)
        put(group, "ERROR")
    put("test-filters-a", "WARN")
    assert found("test-filters-a") == ["WARN"]
    assert found("test-filters-b") == ["ERROR"]
    logs.delete_metric_filter(logGroupName="test-filters-a", filterName="f")
    assert found("test-filters-a") == []
    again = {"logGroupName": "test-filters-a", "filterName": "f"}
    assert code(logs.delete_metric_filter, **again) == "ResourceNotFoundException"
    nowhere = {"logGroupName": "test-none", "filterName": "f", "filterPattern": "", "metricTransformations": metrics}
    assert code(logs.put_metric_filter, **nowhere) == "ResourceNotFoundException"


def test_a_deleted_log_group_takes_its_filters_along(cloud: Cloud) -> None:
    logs = cloud.client("logs")
    metrics = [{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}]
    logs.create_log_group(logGroupName="test-filters-gone")
    logs.put_metric_filter(
        logGroupName="test-filters-gone", filterName="f", filterPattern="", metricTransformations=metrics
    )
    logs.delete_log_group(logGroupName="test-filters-gone")
    assert "test-filters-gone" not in {
        known["logGroupName"] for known in logs.describe_metric_filters()["metricFilters"]
    }


def test_an_unsigned_zone_has_no_keys(cloud: Cloud) -> None:
    route53 = cloud.client("route53")
    zone = route53.create_hosted_zone(Name="test-dnssec.example.com", CallerReference="test-dnssec")["HostedZone"]["Id"]
    status = route53.get_dnssec(HostedZoneId=zone)
    assert (status["Status"]["ServeSignature"], status["KeySigningKeys"]) == ("NOT_SIGNING", [])
    route53.delete_hosted_zone(Id=zone)


def test_versions_of_a_secret_have_the_time_of_their_creation(cloud: Cloud) -> None:
    vault = cloud.client("secretsmanager")
    made = vault.create_secret(Name="test-versions", SecretString="1")
    second = vault.put_secret_value(SecretId="test-versions", SecretString="2")["VersionId"]
    third = vault.put_secret_value(SecretId="test-versions", SecretString="3")["VersionId"]
    created = vault.get_secret_value(SecretId="test-versions")["CreatedDate"]
    until("another second", lambda: time.time() > created.timestamp() + 2)
    listed = vault.list_secret_version_ids(SecretId="test-versions")
    assert listed["ARN"] == made["ARN"]
    stages = {version["VersionId"]: version["VersionStages"] for version in listed["Versions"]}
    assert stages == {third: ["AWSCURRENT"], second: ["AWSPREVIOUS"]}  # not the first, which has no stage any more
    assert {version["CreatedDate"] for version in listed["Versions"] if version["VersionId"] == third} == {created}
    assert code(vault.list_secret_version_ids, SecretId="test-none") == "ResourceNotFoundException"
