"""The platform's hosts as aliases of the region that serves, by health checks alone."""

from __future__ import annotations

from collections.abc import Iterable

import pulumi
import pulumi_aws as aws

from contracts.gateway import ACTIVE_PATH, ACTIVE_PORT, active_host, region_host
from infra.components.base import Component
from infra.components.zone import Zone

HOSTS = ("api", "auth", "stream")
_TTL_SECONDS = 30
_INTERVAL_SECONDS = 10
_FAILURES = 3


class FailoverRecords(Component):
    """Route53 answers with the home region's gateway while that is healthy, otherwise with the other's while that is.

    A region is healthy while it answers 200 to ACTIVE_PATH, which at most one does. So names move within
    _FAILURES intervals and a TTL, and nobody has to call Route53's API, which lives in us-east-1: PRIMARY and SECONDARY
    are Route53's words here, not the pair's roles. While both are unhealthy it answers with the primary. What the
    records point to, each cluster's external-dns makes.
    """

    def __init__(self, name: str, zone: Zone, regions: Iterable[str], home: str, opts: pulumi.ResourceOptions) -> None:
        super().__init__(name, opts)
        self.checks = {region: self._check(region, zone.domain) for region in regions}
        for host in HOSTS:
            for region, check in self.checks.items():
                aws.route53.Record(
                    f"{name}-{host}-{region}",
                    zone_id=zone.id,
                    name=f"{host}.{zone.domain}",
                    type="CNAME",
                    ttl=_TTL_SECONDS,
                    records=[region_host(region, zone.domain)],
                    set_identifier=region,
                    health_check_id=check.id,
                    failover_routing_policies=[
                        aws.route53.RecordFailoverRoutingPolicyArgs(type="PRIMARY" if region == home else "SECONDARY")
                    ],
                    opts=self.child(),
                )
        self.register_outputs({})

    def _check(self, region: str, domain: str) -> aws.route53.HealthCheck:
        name = f"{self.name}-{region}"
        return aws.route53.HealthCheck(
            name,
            type="HTTP",
            fqdn=active_host(region, domain),
            port=ACTIVE_PORT,
            resource_path=ACTIVE_PATH,
            request_interval=_INTERVAL_SECONDS,
            failure_threshold=_FAILURES,
            tags={"Name": name},
            opts=self.child(),
        )
