"""All rules by service and operation."""

from __future__ import annotations

from local.cloud.strict import encryption, iam, kms, secretsmanager, sts
from local.cloud.strict.cloudfront import rules as cloudfront
from local.cloud.strict.ec2 import rules as ec2
from local.cloud.strict.request import Rule, Rules, in_turn
from local.cloud.strict.route53 import rules as route53
from local.cloud.strict.s3 import rules as s3

_TABLES = (
    *(table.RULES for table in cloudfront.TABLES),
    *(table.RULES for table in ec2.TABLES),
    iam.RULES,
    kms.RULES,
    route53.RULES,
    s3.RULES,
    secretsmanager.RULES,
    sts.RULES,
    encryption.RULES,
)


def _combined() -> Rules:
    """An operation has the rules of every table that names it, in the order of the tables."""
    rules: dict[tuple[str, str], list[Rule]] = {}
    for table in _TABLES:
        for operation, check in table.items():
            rules.setdefault(operation, []).append(check)
    return {operation: in_turn(*checks) for operation, checks in rules.items()}


_RULES = _combined()


def rule(service: str, operation: str) -> Rule | None:
    return _RULES.get((service, operation))
