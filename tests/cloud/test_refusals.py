"""Unsupported operations are refused with an AWS error and change nothing."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fixtures.cloud import Cloud, code_of

pytestmark = pytest.mark.integration

ROLE = {"IamRoleArn": "arn:aws:iam::123456789012:role/r", "KmsKeyId": "k"}
REPLICATION = {"Role": "arn:aws:iam::123456789012:role/r", "Rules": []}
UNSUPPORTED: list[tuple[str, str, dict[str, Any]]] = [
    (
        "rds",
        "create_db_proxy",
        {"DBProxyName": "x", "EngineFamily": "POSTGRESQL", "RoleArn": "a" * 20, "VpcSubnetIds": ["s"]},
    ),
    ("rds", "create_db_cluster", {"DBClusterIdentifier": "x", "Engine": "aurora-postgresql"}),
    ("kafka", "update_connectivity", {"ClusterArn": "a", "CurrentVersion": "K1"}),
    ("kafka", "put_cluster_policy", {"ClusterArn": "a", "Policy": "{}"}),
    ("elasticache", "create_user_group", {"UserGroupId": "x", "Engine": "redis"}),
    ("elasticache", "create_serverless_cache", {"ServerlessCacheName": "x", "Engine": "redis"}),
    ("elasticache", "start_migration", {"ReplicationGroupId": "x", "CustomerNodeEndpointList": []}),
    ("kms", "update_primary_region", {"KeyId": "x", "PrimaryRegion": "us-east-1"}),
    ("route53", "get_health_check_status", {"HealthCheckId": "x"}),
    ("s3", "put_bucket_replication", {"Bucket": "x", "ReplicationConfiguration": REPLICATION}),
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


def test_missing_parameter_is_named(cloud: Cloud) -> None:
    body = b"Action=CreateDBSubnetGroup&Version=2014-10-31&DBSubnetGroupName=x"
    scope = "AWS4-HMAC-SHA256 Credential=k/20260101/us-west-2/rds/aws4_request, SignedHeaders=host, Signature=0"
    headers = {"Authorization": scope, "Content-Type": "application/x-www-form-urlencoded"}
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(cloud.site.endpoint_url, body, headers), timeout=5)
    answer = refused.value.read().decode()
    assert refused.value.code == 400
    assert "DBSubnetGroupDescription" in answer


def test_region_without_addresses_has_no_engines(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match="eu-west-1"):
        cloud.client("rds", region="eu-west-1").describe_db_instances()
    assert cloud.client("rds", region="us-east-1").describe_db_instances()["DBInstances"] == []
