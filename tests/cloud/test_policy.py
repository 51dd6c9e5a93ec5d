"""Decisions by IAM policies: nothing is allowed unless said, and a Deny outweighs every Allow."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.cloud.authorization.actions import action_of
from local.cloud.authorization.policy import allows
from local.cloud.authorization.resources import resources_of

SECRET = "arn:aws:secretsmanager:us-west-2:123456789012:secret:aura/a-??????"
effects, patterns = (
    st.sampled_from(["Allow", "Deny"]),
    st.sampled_from(["*", "s3:*", "s3:Get*", "s3:getobject", "kms:*"]),
)
places = st.sampled_from(["*", "arn:aws:s3:::a/*", "arn:aws:s3:::b/k"])
statements = st.lists(st.builds(lambda e, a, r: {"Effect": e, "Action": a, "Resource": r}, effects, patterns, places))


def one(*statements: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"Version": "2012-10-17", "Statement": list(statements)}]


def may(
    statement: dict[str, Any], action: str = "s3:GetObject", resource: str = "arn:aws:s3:::a/k", **context: str
) -> bool:
    keys = {key.replace("_", ":", 1): value for key, value in context.items()}
    return allows(one({"Effect": "Allow", "Resource": "*", **statement}), action, [resource], keys)


@given(statements)
def test_what_no_statement_allows_is_denied_and_a_deny_outweighs(statements: list[dict[str, Any]]) -> None:
    action, resource = "s3:GetObject", "arn:aws:s3:::a/k"
    decided = allows(one(*statements), action, [resource], {})
    allowing = [s for s in statements if s["Effect"] == "Allow"]
    denying = one({"Effect": "Deny", "Action": action, "Resource": resource})
    assert not allows([*one(*statements), *denying], action, [resource], {})
    assert not decided or allows(one(*allowing), action, [resource], {})
    assert not allows(one(*(s for s in statements if s["Effect"] == "Deny")), action, [resource], {})


@given(statements)
def test_order_and_division_into_documents_do_not_matter(statements: list[dict[str, Any]]) -> None:
    request = ("s3:GetObject", ["arn:aws:s3:::a/k"], {})
    whole = allows(one(*statements), *request)
    assert allows(one(*reversed(statements)), *request) is whole
    assert allows([document for s in statements for document in one(s)], *request) is whole


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ({"Action": "s3:GetObject"}, True),
        ({"Action": ["kms:*", "S3:getobject"]}, True),
        ({"Action": "s3:GetObjectAcl"}, False),
        ({"Action": "s3:G?tObject"}, True),
        ({"NotAction": "s3:*"}, False),
        ({"NotAction": "kms:*"}, True),
        ({"Action": "*", "Resource": "arn:aws:s3:::a"}, False),
        ({"Action": "*", "Resource": ["arn:aws:s3:::a", "arn:aws:s3:::a/*"]}, True),
        ({"Action": "*", "Condition": {"StringEquals": {"aws:RequestedRegion": ["us-west-2", "us-east-1"]}}}, True),
        ({"Action": "*", "Condition": {"StringNotEquals": {"aws:requestedregion": "us-west-2"}}}, False),
        ({"Action": "*", "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}, False),
        ({"Action": "*", "Condition": {"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}}, True),
        ({"Action": "*", "Condition": {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}}, True),
        ({"Action": "*", "Condition": {"Null": {"aws:SourceVpc": "true"}}}, True),
        ({"Action": "*", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}, False),
    ],
)
def test_elements_of_a_statement(statement: dict[str, Any], allowed: bool) -> None:
    assert may(statement, aws_RequestedRegion="us-west-2") is allowed


def test_a_condition_that_cannot_be_judged_still_denies() -> None:
    unknown = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": unknown}
    assert not allows(one({"Effect": "Allow", "Action": "*", "Resource": "*"}, deny), "s3:GetObject", ["x"], {})


@pytest.mark.parametrize(
    ("service", "operation", "inputs", "action", "resources"),
    [
        ("s3", "HeadObject", {"Bucket": "b", "Key": "k"}, "s3:GetObject", ["arn:aws:s3:::b/k"]),
        ("s3", "ListObjectsV2", {"Bucket": "b"}, "s3:ListBucket", ["arn:aws:s3:::b"]),
        ("secretsmanager", "GetSecretValue", {"SecretId": "aura/a"}, "secretsmanager:GetSecretValue", [SECRET]),
        ("secretsmanager", "ListSecrets", {}, "secretsmanager:ListSecrets", []),
        ("elbv2", "DescribeLoadBalancers", {}, "elasticloadbalancing:DescribeLoadBalancers", []),
        (
            "rds",
            "DeleteDBInstance",
            {"DBInstanceIdentifier": "d"},
            "rds:DeleteDBInstance",
            ["arn:aws:rds:us-west-2:123456789012:db:d"],
        ),
    ],
)
def test_actions_and_resources_of_requests(
    service: str, operation: str, inputs: dict[str, Any], action: str, resources: list[str]
) -> None:
    assert action_of(service, operation) == action
    assert resources_of(service, operation, "us-west-2", inputs) == resources


def test_a_secret_is_found_by_the_pattern_that_policies_use_for_it() -> None:
    statement = {"Effect": "Allow", "Action": "*", "Resource": SECRET.replace("??????", "*")}
    assert allows(one(statement), "secretsmanager:GetSecretValue", [SECRET], {})
    assert not allows(one(statement), "secretsmanager:GetSecretValue", [SECRET.replace("/a-", "/b-")], {})
