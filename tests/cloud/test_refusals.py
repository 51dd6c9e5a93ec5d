"""Unsupported operations are refused with an AWS error and change nothing."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.cloud.signed import headers as signed_headers
from tests.fixtures.cloud import Cloud, code_of

pytestmark = pytest.mark.integration

ROLE = {"IamRoleArn": "arn:aws:iam::123456789012:role/r", "KmsKeyId": "k"}
CONNECTION = {
    **{"TargetClusterArn": "a", "Authentication": "SASL_IAM", "VpcId": "v"},
    **{"ClientSubnets": [], "SecurityGroups": []},
}
UNSUPPORTED: list[tuple[str, str, dict[str, Any]]] = [
    (
        "rds",
        "create_db_proxy",
        {"DBProxyName": "x", "EngineFamily": "POSTGRESQL", "RoleArn": "a" * 20, "VpcSubnetIds": ["s"]},
    ),
    ("rds", "create_db_cluster", {"DBClusterIdentifier": "x", "Engine": "aurora-postgresql"}),
    ("kafka", "create_vpc_connection", CONNECTION),
    ("elasticache", "create_user_group", {"UserGroupId": "x", "Engine": "redis"}),
    ("elasticache", "create_serverless_cache", {"ServerlessCacheName": "x", "Engine": "redis"}),
    ("elasticache", "start_migration", {"ReplicationGroupId": "x", "CustomerNodeEndpointList": []}),
    ("apprunner", "list_services", {}),
    ("ec2", "describe_vpc_block_public_access_options", {}),
    ("iam", "generate_service_last_accessed_details", {"Arn": "arn:aws:iam::123456789012:user/x"}),
    ("cloudfront", "list_streaming_distributions", {}),
]


@pytest.mark.parametrize(
    ("service", "operation", "arguments"), UNSUPPORTED, ids=[f"{s}-{o}" for s, o, _ in UNSUPPORTED]
)
def test_operation_is_refused(cloud: Cloud, service: str, operation: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(cloud.client(service), operation)(**arguments)
    assert code_of(refused.value) == "NotImplemented"


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("service", "path", "kind", "body", "said"),
    [
        ("rds", "", FORM, b"Action=CreateDBSubnetGroup&DBSubnetGroupName=x", "DBSubnetGroupDescription"),
        ("rds", "", FORM, b"Action=CreateDBInstance&AllocatedStorage=much", "InvalidParameterValue"),
        ("elasticache", "", FORM, b"Action=CreateReplicationGroup&NumCacheClusters=2.5", "InvalidParameterValue"),
        ("eks", "/clusters", "application/json", b"[1]", "InvalidParameterException"),
        ("kafka", "/v1/clusters", "application/json", b'{"numberOfBrokerNodes": "some"}', "BadRequestException"),
    ],
)
def test_a_request_that_cannot_be_read_is_the_callers_mistake(
    cloud: Cloud, service: str, path: str, kind: str, body: bytes, said: str
) -> None:
    url = cloud.site.endpoint_url + path
    headers = signed_headers(service, url, "POST", body, {"Content-Type": kind})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=5)
    answer = f"{refused.value.headers} {refused.value.read().decode()}"
    assert (refused.value.code, said in answer) == (400, True), answer


def test_region_without_addresses_has_no_engines(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match="eu-west-1"):
        cloud.client("rds", region="eu-west-1").describe_db_instances()
    assert cloud.client("rds", region="us-east-1").describe_db_instances()["DBInstances"] == []
