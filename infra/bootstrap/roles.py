"""What the workflows may do in this account."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra.bootstrap.config import AccountConfig
from infra.bootstrap.github import GitHub
from infra.bootstrap.registry import Registry
from infra.bootstrap.state import State
from infra.bootstrap.trail import Trail

_PLATFORM = (
    *("acm", "cloudfront", "ec2", "eks", "elasticache", "es", "kafka", "kms", "logs", "rds", "route53"),
    *("secretsmanager", "wafv2"),
)
"""The services whose resources infra/ declares; s3 and iam have statements of their own."""
_PASSED_TO = ("ec2", "eks", "kafka", "pods.eks", "monitoring.rds", "s3", "vpc-flow-logs")
_OWN = ("aura-deploy", "aura-images")
_ALIASES = ("aura-state", "aura-trail", "aura-images*")
_VERBS = ("Create", "Delete", "Tag", "Untag", "Update", "Put", "Attach", "Detach")
_WRITE_IAM = (
    *(f"iam:{verb}{noun}*" for noun in ("Role", "Policy") for verb in _VERBS),
    *("iam:UpdateAssumeRolePolicy", "iam:SetDefaultPolicyVersion"),
)


def deploy_role(
    github: GitHub,
    name: str,
    environment: str,
    config: AccountConfig,
    state: State,
    trail: Trail,
    registry: Registry | None,
) -> aws.iam.Role:
    """For jobs with this environment of the repository, whose reviewers GitHub asks first.

    It makes roles for the platform, with policies of the program's choice; so it could do anything in the account, in
    two steps. What it can't do in one: alter itself, the registry, the trail, or an older state.
    """
    keys = [state.key.arn, trail.key.arn, *(registry.keys if registry else [])]
    statements = deploy_statements(config, state.bucket.arn, trail.bucket.arn, keys)
    return github.role(name, f"environment:{environment}", statements)


def deploy_statements(
    config: AccountConfig, state: pulumi.Input[str], trail: pulumi.Input[str], keys: Sequence[pulumi.Input[str]]
) -> list[dict[str, object]]:
    """`state` and `trail` are ARNs of buckets; `keys` are those of the keys of state, trail and registry."""
    iam = f"arn:aws:iam::{config.account}"
    named = [f"{iam}:{kind}/aura-*" for kind in ("role", "policy")]
    own = [f"{iam}:role/{role}" for role in _OWN]
    passed_to = {"StringEquals": {"iam:PassedToService": [f"{service}.amazonaws.com" for service in _PASSED_TO]}}
    return [
        _allow("Platform", [f"{service}:*" for service in _PLATFORM], "*"),
        _allow("Buckets", ["s3:*"], "arn:aws:s3:::aura-*"),
        _allow("Roles", _WRITE_IAM, named),
        _allow("PassRoles", ["iam:PassRole"], named) | {"Condition": passed_to},
        _allow("ReadRoles", ["iam:Get*", "iam:List*"], "*"),
        _allow("ServiceLinkedRoles", ["iam:CreateServiceLinkedRole"], f"{iam}:role/aws-service-role/*"),
        _deny("NotItself", _WRITE_IAM, own),
        _deny("KeptBuckets", ["s3:DeleteBucket*", "s3:PutBucket*", "s3:Put*Configuration"], [state, trail]),
        _deny("OldStates", ["s3:DeleteObjectVersion"], pulumi.Output.concat(state, "/*")),
        _deny("OldCalls", ["s3:DeleteObject*", "s3:PutObject*"], pulumi.Output.concat(trail, "/*")),
        _deny("Keys", ["kms:ScheduleKeyDeletion", "kms:DisableKey*", "kms:PutKeyPolicy", "kms:*Alias"], list(keys)),
        _deny("Aliases", ["kms:*Alias"], [f"arn:aws:kms:*:{config.account}:alias/{name}" for name in _ALIASES]),
    ]


def image_role(github: GitHub, name: str, repositories: Sequence[pulumi.Input[str]]) -> aws.iam.Role:
    """For jobs of the branch main, which push images. Tags are immutable, so it replaces none."""
    push = ["ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"]
    pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer"]
    statements = [
        _allow("Login", ["ecr:GetAuthorizationToken"], "*"),
        _allow("Push", [*push, *pull], list(repositories)),
    ]
    return github.role(name, "ref:refs/heads/main", statements)


def _allow(sid: str, actions: Sequence[str], resource: object) -> dict[str, object]:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resource}


def _deny(sid: str, actions: Sequence[str], resource: object) -> dict[str, object]:
    return {"Sid": sid, "Effect": "Deny", "Action": list(actions), "Resource": resource}
