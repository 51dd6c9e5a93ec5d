"""IAM grants what is named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from infra.policies.declared import Deployment, Resource, listed, statements
from infra.policies.rule import ResourceRule

_REFERENCE = "https://docs.aws.amazon.com/service-authorization/latest/reference/"
WITHOUT_RESOURCE = {
    **dict.fromkeys(
        (
            "autoscaling:DescribeAutoScalingGroups",
            "autoscaling:DescribeAutoScalingInstances",
            "autoscaling:DescribeLaunchConfigurations",
            "autoscaling:DescribeScalingActivities",
            "autoscaling:DescribeTags",
        ),
        f"{_REFERENCE}list_amazonec2autoscaling.html",
    ),
    **dict.fromkeys(
        (
            "ec2:DescribeImages",
            "ec2:DescribeInstanceTypes",
            "ec2:DescribeLaunchTemplateVersions",
            "ec2:GetInstanceTypesFromInstanceRequirements",
        ),
        f"{_REFERENCE}list_amazonec2.html",
    ),
    "cloudwatch:GetMetricStatistics": f"{_REFERENCE}list_amazoncloudwatch.html",
    "ecr:GetAuthorizationToken": f"{_REFERENCE}list_amazonelasticcontainerregistry.html",
    "route53:ListHostedZones": f"{_REFERENCE}list_amazonroute53.html",
}
"""Actions for which AWS knows no resource, so that a statement must name `*`; and where AWS says so."""
FAMILIES = {
    "kms:GenerateDataKey*": "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html",
    "kms:ReEncrypt*": "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html",
}
"""Groups of actions that AWS's own policies name by their beginning, because a use needs all of them."""
_KEYS = ("aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey")
EXEMPT = {
    (
        "aura-bootstrap",
        "aura-deploy",
    ): "makes and deletes every resource of the platform, in its own account; what it must "
    "not do is denied, and the workflow that takes it on waits for a reviewer (infra/bootstrap/roles.py)",
}
"""Policies that may have wildcards, by project and name; and why."""


def _check(resource: Resource, deployment: Deployment) -> Iterable[str]:
    if (deployment.project, resource.name) in EXEMPT:
        return
    for path, statement in statements(resource):
        if statement.get("Effect") == "Allow":
            yield from (f"{path}: {text}" for text in _judged(statement, resource.type in _KEYS))


def _judged(statement: Mapping[str, Any], of_key: bool) -> Iterator[str]:
    if "NotAction" in statement or "NotResource" in statement:
        yield "allows what is not named (NotAction, NotResource)"
    actions = [str(action) for action in listed(statement.get("Action"))]
    for action in actions:
        if "*" in action and action not in FAMILIES and not (of_key and _delegates(statement)):
            yield f"allows the action {action}; name each one"
    if of_key or not any(_is_any(resource) for resource in listed(statement.get("Resource"))):
        return  # `*` in the policy of a key is the key itself
    if not _by_tag(statement):
        for action in actions:
            if "*" not in action and action not in WITHOUT_RESOURCE:
                yield f"allows {action} on every resource; name the ARNs, or a condition on aws:ResourceTag"


def _delegates(statement: Mapping[str, Any]) -> bool:
    """Leaves it to IAM who may use a key, without which nobody could change its policy any more.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    principal = statement.get("Principal")
    named = listed(principal.get("AWS") if isinstance(principal, Mapping) else principal)
    return listed(statement.get("Action")) == ["kms:*"] and all(str(one).endswith(":root") for one in named)


def _is_any(resource: Any) -> bool:
    """`*`, and an ARN whose last part, arn:aws:<service>:<region>:<account>:<resource>, is `*`."""
    return isinstance(resource, str) and not resource.split(":", 5)[-1].strip("*/")


def _by_tag(statement: Mapping[str, Any]) -> bool:
    conditions = (statement.get("Condition") or {}).get("StringEquals", {})
    return any(key.startswith("aws:ResourceTag/") for key in conditions)


RULE = ResourceRule(
    "no-wildcard-iam",
    "A policy names its actions, and the resources that it allows them on.",
    "What a program may do is what is lost with it; a wildcard grows by itself with every action that AWS adds.",
    _check,
)
