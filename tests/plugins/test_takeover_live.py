"""A creation that is interrupted after AWS's answer and repeated makes no second resource, and never someone else's."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import jmespath
import pytest

from local.plugins import one_region
from local.site import REGIONS
from tests.fixtures.cloud import Cloud
from tests.infra.recording import configuration, execute
from tests.plugins.interruptions import InterruptedEngine

pytestmark = [
    pytest.mark.timeout(1800),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws.*"),
]

MANY: dict[str, tuple[str, str, str]] = {
    "aws:ec2/vpc:Vpc": ("ec2", "describe_vpcs", "Vpcs[].VpcId"),
    "aws:ec2/subnet:Subnet": ("ec2", "describe_subnets", "Subnets[].SubnetId"),
    "aws:ec2/internetGateway:InternetGateway": (
        "ec2",
        "describe_internet_gateways",
        "InternetGateways[].InternetGatewayId",
    ),
    "aws:ec2/eip:Eip": ("ec2", "describe_addresses", "Addresses[].AllocationId"),
    "aws:ec2/natGateway:NatGateway": (
        "ec2",
        "describe_nat_gateways",
        "NatGateways[?State == 'available'].NatGatewayId",
    ),
    "aws:ec2/routeTable:RouteTable": (
        "ec2",
        "describe_route_tables",
        "RouteTables[?!(Associations[?Main])].RouteTableId",
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": (
        "ec2",
        "describe_route_tables",
        "RouteTables[].Associations[?!Main].RouteTableAssociationId[]",
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": (
        "ec2",
        "describe_vpc_endpoints",
        "VpcEndpoints[?State != 'deleted'].VpcEndpointId",
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": (
        "ec2",
        "describe_security_group_rules",
        "SecurityGroupRules[?!IsEgress].SecurityGroupRuleId",
    ),
    "aws:kms/key:Key": ("kms", "list_keys", "Keys[].KeyId"),
    "aws:acm/certificate:Certificate": ("acm", "list_certificates", "CertificateSummaryList[].CertificateArn"),
    "aws:cloudfront/distribution:Distribution": ("cloudfront", "list_distributions", "DistributionList.Items[].Id"),
    "aws:cloudfront/originAccessControl:OriginAccessControl": (
        "cloudfront",
        "list_origin_access_controls",
        "OriginAccessControlList.Items[].Id",
    ),
    "aws:cloudfront/keyGroup:KeyGroup": (
        "cloudfront",
        "list_key_groups",
        "KeyGroupList.Items[].KeyGroup.Id",
    ),
    "aws:cloudfront/publicKey:PublicKey": ("cloudfront", "list_public_keys", "PublicKeyList.Items[].Id"),
    "aws:route53/zone:Zone": ("route53", "list_hosted_zones", "HostedZones[].Id"),
    "aws:secretsmanager/secret:Secret": ("secretsmanager", "list_secrets", "SecretList[].ARN"),
}
"""How to list the types of which AWS allows equal ones: boto3's service and operation, and the path of the ids."""


@pytest.fixture
def backend(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of Pulumi's states; the plugin reaches the endpoint, where the bootstrap's role is there already."""
    iam, trust = cloud.client("iam"), '{"Version": "2012-10-17", "Statement": []}'
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName="aura-deploy", AssumeRolePolicyDocument=trust)
    for name, value in {
        "PULUMI_BACKEND_URL": f"file://{tmp_path}",
        "AWS_ENDPOINT_URL": cloud.site.endpoint_url,
        "AWS_ACCESS_KEY_ID": "tester",
        "AWS_SECRET_ACCESS_KEY": "tester",
    }.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def ids(cloud: Cloud, type: str) -> set[str]:
    service, operation, path = MANY[type]
    found = (jmespath.search(path, getattr(cloud.client(service, region), operation)()) for region in REGIONS)
    return {id for ids in found for id in ids or ()}


@pytest.mark.kill
def test_every_resource_of_the_program_is_taken_over_after_every_call(cloud: Cloud, backend: Path) -> None:
    engine = InterruptedEngine(backend)
    before = {type: ids(cloud, type) for type in MANY}
    try:
        execute("local", engine, preview=False, changed=one_region.narrowed(configuration("local")))
        for type in MANY:
            made = [resource["id"] for resource in engine.resources if resource["type"] == type]
            assert len(ids(cloud, type) - before[type]) == len(made) > 0, type
        assert len(engine.interruptions) > len(engine.resources)
        assert any("taken over" in note for note in engine.notes)
    finally:
        engine.delete_all()
