"""The domain's hosted zone."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.components.base import Component


class Zone(Component):
    """One for all regions; the domain must be delegated to `name_servers`."""

    def __init__(self, name: str, domain: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.domain = domain
        self.zone = aws.route53.Zone(name, name=domain, comment="The Aura platform", opts=self.child())
        self.id = self.zone.zone_id
        self.name_servers = self.zone.name_servers
        self.register_outputs({"nameServers": self.name_servers})

    def record(
        self,
        name: str,
        kind: pulumi.Input[str],
        host: pulumi.Input[str],
        values: list[pulumi.Input[str]],
        parent: Component,
    ) -> aws.route53.Record:
        return aws.route53.Record(
            name, zone_id=self.id, name=host, type=kind, ttl=300, records=values, opts=parent.child()
        )
