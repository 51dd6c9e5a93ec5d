"""Sessions of a role may do what its policies say, and nothing else; users and root are not restricted."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.fixtures.cloud import REGION, Cloud, code_of

pytestmark = pytest.mark.integration

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
ALLOWED = {
    "Effect": "Allow",
    "Action": ["secretsmanager:GetSecretValue", "rds:DescribeDBInstances", "ec2:DescribeVpcs"],
    "Resource": "*",
}
HIDDEN = {"Effect": "Deny", "Action": "*", "Resource": "arn:aws:secretsmanager:*:*:secret:test-hidden-*"}


@pytest.fixture
def as_role(cloud: Cloud) -> Callable[[str], Any]:
    """Clients of a session of a role that may read secrets but one, and look at databases and networks."""
    iam = cloud.client("iam")
    role = iam.create_role(RoleName="test-session", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    document = json.dumps({"Version": "2012-10-17", "Statement": [ALLOWED, HIDDEN]})
    iam.put_role_policy(RoleName="test-session", PolicyName="p", PolicyDocument=document)
    credentials = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="s1")["Credentials"]
    return lambda service: boto3.client(  # pyright: ignore[reportCallIssue]
        service,  # pyright: ignore[reportArgumentType]
        region_name=REGION,
        endpoint_url=cloud.site.endpoint_url,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


def test_a_session_does_what_its_role_may_do_and_nothing_else(cloud: Cloud, as_role: Callable[[str], Any]) -> None:
    vault = cloud.client("secretsmanager")
    for name in ("test-open", "test-hidden"):
        vault.create_secret(Name=name, SecretString="x")
    assert as_role("secretsmanager").get_secret_value(SecretId="test-open")["SecretString"] == "x"
    as_role("rds").describe_db_instances()
    as_role("ec2").describe_vpcs()
    assert as_role("sts").get_caller_identity()["Arn"].endswith("assumed-role/test-session/s1")
    refusals: list[tuple[str, str, dict[str, Any], str]] = [
        ("secretsmanager", "get_secret_value", {"SecretId": "test-hidden"}, "AccessDeniedException"),
        ("secretsmanager", "list_secrets", {}, "AccessDeniedException"),
        ("rds", "delete_db_instance", {"DBInstanceIdentifier": "x"}, "AccessDenied"),
        ("elasticache", "describe_replication_groups", {}, "AccessDenied"),
        ("eks", "list_clusters", {}, "AccessDeniedException"),
        ("kafka", "list_clusters", {}, "AccessDeniedException"),
        ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16"}, "UnauthorizedOperation"),
        ("s3", "list_buckets", {}, "AccessDenied"),
        ("iam", "list_roles", {}, "AccessDenied"),
    ]
    for service, operation, inputs, expected in refusals:
        with pytest.raises(ClientError, match="not authorized") as refused:
            getattr(as_role(service), operation)(**inputs)
        assert code_of(refused.value) == expected
    cloud.client("iam").attach_role_policy(
        RoleName="test-session", PolicyArn="arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
    )
    as_role("ec2").describe_subnets()
