"""The IAM role of the operators in a region."""

from __future__ import annotations

import pulumi

from contracts.platform import NAMESPACE
from infra.components.base import Component
from infra.components.roles import ServiceAccountRole
from infra.components.secrets import SecretStore

OPERATORS = f"{NAMESPACE}:operators"
"""Their ServiceAccount."""


def operators_role(
    parent: Component,
    region: str,
    account: str,
    cluster: pulumi.Input[str],
    secrets: SecretStore,
    state: pulumi.Output[str],
) -> ServiceAccountRole:
    """They read the stack's secrets, for custom resources and for the databases, and delete the snapshots of streams.

    `state` is the ARN of the bucket of these.
    """
    named = f"arn:aws:secretsmanager:{region}:{account}:secret:{secrets.prefix}*"
    read = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
    statements: list[dict[str, object]] = [
        {"Effect": "Allow", "Action": read, "Resource": named},
        {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": secrets.key},
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": state},
        {"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": pulumi.Output.concat(state, "/*")},
    ]
    return ServiceAccountRole(f"{parent.name}-operators", cluster, OPERATORS, statements, opts=parent.child())
