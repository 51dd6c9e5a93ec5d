"""What the workflow's role may do, against what the program declares."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from infra.bootstrap.config import AccountConfig
from infra.bootstrap.registry import lifecycle
from infra.bootstrap.roles import deploy_statements
from tests.infra.recording import event_loop, run

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws.*")
VALUES = {
    "account": "123456789012",
    "region": "us-west-2",
    "repository": "aura-wellness/control-plane",
    "oldStatesDays": "90",
    "trailDays": "365",
    "keys": {"deletionWindowDays": 30},
}
ACTIONS = {
    "opensearch": "es",
    "cloudwatch": "logs",
    "msk": "kafka",
    "vpc": "ec2",
    "lb": "elasticloadbalancing",
    "ebs": "ec2",
}
"""Module of Pulumi's types -> prefix of IAM's actions, where they differ."""
TRAIL = "arn:aws:s3:::aura-trail"
STATE, KEY = "arn:aws:s3:::aura-state", "arn:aws:kms:us-west-2:123456789012:key/k"
IMAGES_KEY, ALIAS = "arn:aws:kms:us-west-2:123456789012:key/i", "arn:aws:kms:us-west-2:123456789012:alias"


def config(**changed: Any) -> AccountConfig:
    return TypeAdapter(AccountConfig).validate_python({**VALUES, **changed})


def statements() -> list[dict[str, Any]]:
    with event_loop():
        return deploy_statements(config(), STATE, TRAIL, [KEY, IMAGES_KEY])


def test_what_the_trail_has_written_stays() -> None:
    (denied,) = [one for one in statements() if one["Sid"] == "OldCalls"]
    assert denied["Effect"] == "Deny"
    assert all(matches(denied["Action"], f"s3:{one}") for one in ("DeleteObject", "DeleteObjectVersion", "PutObject"))


def matches(patterns: Any, value: str) -> bool:
    return any(fnmatchcase(value, one) for one in ([patterns] if isinstance(patterns, str) else patterns))


def decision(action: str, resource: str) -> bool:
    """IAM's: a denial decides, else a permission; statements with a resource that is an output are left out."""
    known = [s for s in statements() if isinstance(s["Resource"], str | list)]
    found = [s["Effect"] for s in known if matches(s["Action"], action) and matches(s["Resource"], resource)]
    return "Allow" in found and "Deny" not in found


def test_it_may_make_what_the_program_declares_and_nothing_else() -> None:
    modules = {
        one.typ.split(":")[1].split("/")[0]
        for one in run("prod", outputs_known=True).resources
        if one.typ.startswith("aws:")
    }
    allowed = statements()[0]["Action"]
    prefixes = {ACTIONS.get(module, module) for module in modules} - {"iam", "s3"}
    assert {f"{prefix}:*" for prefix in prefixes} == set(allowed)


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("iam:CreateRole", "arn:aws:iam::123456789012:role/aura-us-west-2-node", True),
        ("iam:AttachRolePolicy", "arn:aws:iam::123456789012:role/aura-us-west-2-node", True),
        ("iam:CreateRole", "arn:aws:iam::123456789012:role/administrator", False),
        ("iam:PutRolePolicy", "arn:aws:iam::123456789012:role/aura-deploy", False),
        ("iam:UpdateAssumeRolePolicy", "arn:aws:iam::123456789012:role/aura-images", False),
        ("iam:GetRole", "arn:aws:iam::123456789012:role/aura-deploy", True),
        ("iam:CreateUser", "arn:aws:iam::123456789012:user/aura-x", False),
        ("iam:UpdateOpenIDConnectProviderThumbprint", "arn:aws:iam::123456789012:oidc-provider/x", False),
        ("s3:PutObject", f"{STATE}/.pulumi/stacks/aura/prod.json", True),
        ("s3:DeleteBucket", STATE, False),
        ("s3:PutBucketVersioning", STATE, False),
        ("s3:PutLifecycleConfiguration", STATE, False),
        ("s3:DeleteBucketPolicy", TRAIL, False),
        ("s3:PutLifecycleConfiguration", TRAIL, False),
        ("s3:GetBucketPolicy", TRAIL, True),
        ("cloudtrail:StopLogging", "arn:aws:cloudtrail:us-west-2:123456789012:trail/aura-trail", False),
        ("s3:DeleteBucket", "arn:aws:s3:::aura-us-west-2-media", True),
        ("s3:PutObject", "arn:aws:s3:::others/x", False),
        ("kms:Decrypt", KEY, True),
        ("kms:ScheduleKeyDeletion", KEY, False),
        ("kms:ScheduleKeyDeletion", IMAGES_KEY, False),
        ("kms:ScheduleKeyDeletion", "arn:aws:kms:us-west-2:123456789012:key/other", True),
        ("kms:UpdateAlias", f"{ALIAS}/aura-state", False),
        ("kms:DeleteAlias", f"{ALIAS}/aura-images", False),
        ("kms:DeleteAlias", f"{ALIAS}/aura-images-us-east-1", False),
        ("kms:CreateAlias", f"{ALIAS}/aura-us-west-2-data", True),
        ("ecr:PutImage", "arn:aws:ecr:us-west-2:123456789012:repository/aura/auth", False),
        ("organizations:LeaveOrganization", "*", False),
    ],
)
def test_it_reaches_the_platform_and_neither_itself_nor_the_state_bucket(
    action: str, resource: str, allowed: bool
) -> None:
    assert decision(action, resource) is allowed


def test_it_fits_into_what_iam_takes() -> None:
    plain = [{**s, "Resource": str(s["Resource"])} for s in statements()]
    assert len(json.dumps(plain)) < 10_240  # characters of all inline policies of a role


def test_what_was_deployed_is_kept_longer_than_what_was_not() -> None:
    *deployed, rest = lifecycle()["rules"]  # pyright: ignore[reportGeneralTypeIssues]
    assert [rule["selection"]["tagPrefixList"] for rule in deployed] == [["prod-"], ["staging-"]]
    assert all(rule["selection"]["countType"] == "imageCountMoreThan" for rule in deployed)
    assert rest["selection"]["tagStatus"] == "any"  # ECR demands that it has the highest number
    assert rest["rulePriority"] > max(rule["rulePriority"] for rule in deployed)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"account": "1234"}, "12 digits"),
        ({"repository": "https://github.com/aura/x"}, "owner/name"),
        ({"registry": {"readers": ["staging"]}}, "12 digits"),
        ({"registry": {"readers": [], "replica": "us-west-2"}}, "where the registry is"),
        ({"registry": {"readers": ["123456789012"]}}, "names the account itself"),
        ({"keys": {"deletionWindowDays": 3}}, "AWS allows 7 to 30"),
        ({"regions": {}}, "Unexpected keyword argument"),
    ],
)
def test_a_configuration_that_cannot_be_right_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        config(**changed)
