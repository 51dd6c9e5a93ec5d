"""KMS keys, one per purpose, so that access to each kind of data is granted and revoked separately."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pulumi
import pulumi_aws as aws

from infra.components.base import Component
from infra.settings import settings

_USE = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]


@settings
class KeyConfig:
    deletion_window_days: int
    """Days in which the deletion of a key can be cancelled; after them, everything it encrypts is lost."""

    def __post_init__(self) -> None:
        if not 7 <= self.deletion_window_days <= 30:
            raise ValueError(f"deletionWindowDays is {self.deletion_window_days}; AWS allows 7 to 30")


class ServiceUser(NamedTuple):
    """An AWS service that uses a key itself, for the resources that `pattern` matches."""

    principal: str
    condition: str
    pattern: pulumi.Input[str]


class Key(Component):
    """A customer managed key with yearly rotation and an alias."""

    def __init__(
        self,
        name: str,
        purpose: str,
        account: str,
        config: KeyConfig,
        users: Sequence[ServiceUser] = (),
        launcher: str = "",
        multi_region: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`launcher` is the ARN of a role that starts machines, whose volumes this key encrypts.

        Only a key that is made as `multi_region` can have replicas.
        """
        super().__init__(name, opts)
        self.key = aws.kms.Key(
            name,
            description=f"Encrypts {purpose}",
            enable_key_rotation=True,
            deletion_window_in_days=config.deletion_window_days,
            policy=policy(account, users, launcher),
            multi_region=True if multi_region else None,
            tags={"purpose": purpose},
            opts=self.child(),
        )
        aws.kms.Alias(name, name=f"alias/{name}", target_key_id=self.key.key_id, opts=self.child())
        self.arn = self.key.arn
        self.register_outputs({"arn": self.arn})


def policy(account: str, users: Sequence[ServiceUser], launcher: str = "") -> pulumi.Output[str]:
    """Who may use a key. Each key of a multi-region pair has its own, so that a region does not ask the other."""
    statements = [_by_policies(account), *(_by_service(*user) for user in users)]
    statements += _by_launcher(account, launcher) if launcher else []
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements})


def _by_policies(account: str) -> dict[str, object]:
    """Principals that IAM policies of this account allow; without it nobody could manage the key any more."""
    return {
        "Sid": "ByPolicies",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }


def _by_service(service: str, condition: pulumi.Input[str], pattern: pulumi.Input[str]) -> dict[str, object]:
    """An AWS service, only for resources that match `pattern` (an ARN pattern under condition key `condition`)."""
    return {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": _USE,
        "Resource": "*",
        "Condition": {"ArnLike": {condition: pattern}},
    }


def _by_launcher(account: str, role: str) -> list[dict[str, object]]:
    """By a condition, not as the principal: KMS refuses a principal that does not exist yet, and AWS makes a
    service-linked role at its first use."""
    only = {"StringEquals": {"kms:CallerAccount": account, "aws:PrincipalArn": role}}
    grants = {**only, "Bool": {"kms:GrantIsForAWSResource": "true"}}
    anyone = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Resource": "*"}
    return [
        {**anyone, "Action": _USE, "Condition": only},
        {**anyone, "Action": "kms:CreateGrant", "Condition": grants},
    ]
