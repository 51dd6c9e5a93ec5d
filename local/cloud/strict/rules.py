"""All rules by service and operation."""

from __future__ import annotations

from local.cloud.strict import encryption, secretsmanager, sts
from local.cloud.strict.cloudfront import distributions, versions
from local.cloud.strict.ec2 import ids, in_use, networks, ports, tags
from local.cloud.strict.iam import rules as iam
from local.cloud.strict.kms import rules as kms
from local.cloud.strict.request import Rule, Rules, in_turn
from local.cloud.strict.route53 import rules as route53
from local.cloud.strict.s3 import rules as s3

TABLES = (
    *(versions, distributions),
    *(tags, ids, networks, ports, in_use),
    *(iam, kms, route53, s3, secretsmanager, sts),
    encryption,
)
"""Modules that have RULES by operation, and a docstring that says of what and by which source."""


def _combined() -> Rules:
    """An operation has the rules of every table that names it, in the order of the tables."""
    rules: dict[tuple[str, str], list[Rule]] = {}
    for table in TABLES:
        for operation, check in table.RULES.items():
            rules.setdefault(operation, []).append(check)
    return {operation: in_turn(*checks) for operation, checks in rules.items()}


_RULES = _combined()


def rule(service: str, operation: str) -> Rule | None:
    return _RULES.get((service, operation))
