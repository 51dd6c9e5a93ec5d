"""All rules by service and operation."""

from __future__ import annotations

from local.cloud.strict import cloudfront, kms, secretsmanager, sts
from local.cloud.strict.request import Rule, Rules
from local.cloud.strict.s3 import rules as s3

_RULES: Rules = {**cloudfront.RULES, **kms.RULES, **s3.RULES, **secretsmanager.RULES, **sts.RULES}


def rule(service: str, operation: str) -> Rule | None:
    return _RULES.get((service, operation))
