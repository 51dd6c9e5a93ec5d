"""The rules of Route 53 by operation."""

from __future__ import annotations

from local.cloud.strict.request import Rules, in_turn
from local.cloud.strict.route53 import policies, records, zones

RULES: Rules = {
    ("route53", "CreateHealthCheck"): policies.health_check,
    ("route53", "CreateHostedZone"): zones.check,
    ("route53", "ChangeResourceRecordSets"): in_turn(policies.records, records.check),
}
