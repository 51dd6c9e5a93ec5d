"""All rules by service and operation."""

from __future__ import annotations

from local.cloud.strict import cloudfront, kms, secretsmanager, sts
from local.cloud.strict.request import Rule, Rules

_RULES: Rules = {**cloudfront.RULES, **kms.RULES, **secretsmanager.RULES, **sts.RULES}


def rule(service: str, operation: str) -> Rule | None:
    return _RULES.get((service, operation))
