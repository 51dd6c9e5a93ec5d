"""The domain's hosted zone: a new one, or one that exists."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra.components.base import Component
from infra.settings import settings


@settings
class ZoneConfig:
    force_destroy: bool
    """Whether a zone that the stack made goes with the records that external-dns and people have put into it."""
    id: str = ""
    """Of an existing zone for the domain or one above it; without it the stack makes one, which needs delegation."""


class Zone(Component):
    """One for all regions; the domain must be delegated to `name_servers`."""

    def __init__(self, name: str, domain: str, config: ZoneConfig, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.domain = domain
        self.id: pulumi.Output[str]
        self.name_servers: pulumi.Output[Sequence[str]]
        if config.id:
            found = aws.route53.get_zone_output(zone_id=config.id, opts=pulumi.InvokeOutputOptions(parent=self))
            self.id = found.apply(lambda zone: _of_domain(domain, zone.name, config.id))
            self.name_servers = found.name_servers
        else:
            zone = aws.route53.Zone(
                name, name=domain, comment="The Aura platform", force_destroy=config.force_destroy, opts=self.child()
            )
            self.id, self.name_servers = zone.zone_id, zone.name_servers
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


def serves(zone: str, domain: str) -> bool:
    """Whether records of `domain` belong into the hosted zone `zone`."""
    zone, domain = (name.rstrip(".").lower() for name in (zone, domain))
    return domain == zone or domain.endswith(f".{zone}")


def _of_domain(domain: str, zone: str, id: str) -> str:
    if not serves(zone, domain):
        raise pulumi.RunError(f"aura:zone.id {id} is the zone of {zone}, in which {domain} does not lie")
    return id
