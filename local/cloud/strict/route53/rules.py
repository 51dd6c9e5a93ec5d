"""Records, health checks and zones that Route 53 refuses, and those that the DNS server here cannot answer by. Source:
Amazon Route 53 API Reference, ChangeResourceRecordSets, HealthCheckConfig, ResourceRecordSet, CreateHostedZone."""

from __future__ import annotations

from local.cloud.strict.request import Rules, in_turn
from local.cloud.strict.route53 import policies, records, zones

RULES: Rules = {
    ("route53", "CreateHealthCheck"): policies.health_check,
    ("route53", "CreateHostedZone"): zones.check,
    ("route53", "ChangeResourceRecordSets"): in_turn(policies.records, records.check),
}
