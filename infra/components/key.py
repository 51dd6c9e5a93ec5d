"""KMS keys, one per purpose, so that access to each kind of data is granted and revoked separately."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pulumi
import pulumi_aws as aws

from infra.components.base import Component
from infra.settings import settings


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
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        policy = pulumi.Output.json_dumps(
            {"Version": "2012-10-17", "Statement": [_by_policies(account), *(_by_service(*user) for user in users)]}
        )
        self.key = aws.kms.Key(
            name,
            description=f"Encrypts {purpose}",
            enable_key_rotation=True,
            deletion_window_in_days=config.deletion_window_days,
            policy=policy,
            tags={"purpose": purpose},
            opts=self.child(),
        )
        aws.kms.Alias(name, name=f"alias/{name}", target_key_id=self.key.key_id, opts=self.child())
        self.arn = self.key.arn
        self.register_outputs({"arn": self.arn})


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
        "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
        "Resource": "*",
        "Condition": {"ArnLike": {condition: pattern}},
    }
