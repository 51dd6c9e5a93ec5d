"""VPC over several availability zones: public, private and data subnets, and their routes."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.components.base import Component
from infra.components.subnets import ZonePlan, plan
from infra.settings import settings

ANYWHERE = "0.0.0.0/0"


@settings
class NetworkConfig:
    cidr: str
    zones: tuple[str, ...]
    nat_gateways: int
    """One per zone survives the loss of a zone; a single one is cheaper."""

    def __post_init__(self) -> None:
        plan(self.cidr, self.zones)
        if self.nat_gateways not in (1, len(self.zones)):
            raise ValueError(f"natGateways is {self.nat_gateways}; it must be 1 or one per zone ({len(self.zones)})")


class Network(Component):
    """Public subnets for load balancers and NAT gateways, private ones for nodes, data ones for stores (no egress)."""

    def __init__(
        self, name: str, region: str, config: NetworkConfig, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        self.region = region
        self.vpc = aws.ec2.Vpc(
            name,
            cidr_block=config.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags={"Name": name},
            opts=self.child(),
        )
        zones = plan(config.cidr, config.zones)
        self.public = [self._subnet("public", z.zone, z.public, {"kubernetes.io/role/elb": "1"}) for z in zones]
        self.private = [
            self._subnet("private", z.zone, z.private, {"kubernetes.io/role/internal-elb": "1"}) for z in zones
        ]
        self.data = [self._subnet("data", z.zone, z.data, {}) for z in zones]
        self._route_public()
        private_tables = self._route_private(zones, config.nat_gateways)
        data_table = self._table("data")
        self._associate("data", data_table, zones, self.data)
        self.storage_gateway = aws.ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=self.vpc.id,
            service_name=f"com.amazonaws.{region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in [*private_tables, data_table]],
            opts=self.child(),
        )
        self.register_outputs({"vpc": self.vpc.id})

    @property
    def private_ids(self) -> list[pulumi.Output[str]]:
        return [subnet.id for subnet in self.private]

    @property
    def data_ids(self) -> list[pulumi.Output[str]]:
        return [subnet.id for subnet in self.data]

    def _subnet(self, tier: str, zone: str, cidr: str, tags: dict[str, str]) -> aws.ec2.Subnet:
        name = f"{self.name}-{tier}-{zone}"
        return aws.ec2.Subnet(
            name,
            vpc_id=self.vpc.id,
            availability_zone=zone,
            cidr_block=cidr,
            map_public_ip_on_launch=tier == "public",
            tags={"Name": name, "tier": tier, **tags},
            opts=self.child(),
        )

    def _table(self, tier: str) -> aws.ec2.RouteTable:
        name = f"{self.name}-{tier}"
        return aws.ec2.RouteTable(name, vpc_id=self.vpc.id, tags={"Name": name}, opts=self.child())

    def _associate(
        self, tier: str, table: aws.ec2.RouteTable, zones: list[ZonePlan], subnets: list[aws.ec2.Subnet]
    ) -> None:
        for zone, subnet in zip(zones, subnets, strict=True):
            aws.ec2.RouteTableAssociation(
                f"{self.name}-{tier}-{zone.zone}", subnet_id=subnet.id, route_table_id=table.id, opts=self.child()
            )

    def _route_public(self) -> None:
        gateway = aws.ec2.InternetGateway(self.name, vpc_id=self.vpc.id, opts=self.child())
        table = self._table("public")
        aws.ec2.Route(
            f"{self.name}-public",
            route_table_id=table.id,
            destination_cidr_block=ANYWHERE,
            gateway_id=gateway.id,
            opts=self.child(),
        )
        for subnet in self.public:
            aws.ec2.RouteTableAssociation(subnet._name, subnet_id=subnet.id, route_table_id=table.id, opts=self.child())
        self._gateway = gateway

    def _route_private(self, zones: list[ZonePlan], count: int) -> list[aws.ec2.RouteTable]:
        gateways = [self._nat(zones[index].zone, self.public[index]) for index in range(count)]
        tables = []
        for index, zone in enumerate(zones):
            name = f"{self.name}-private-{zone.zone}"
            table = self._table(f"private-{zone.zone}")
            aws.ec2.Route(
                name,
                route_table_id=table.id,
                destination_cidr_block=ANYWHERE,
                nat_gateway_id=gateways[index % count].id,
                opts=self.child(),
            )
            aws.ec2.RouteTableAssociation(
                name, subnet_id=self.private[index].id, route_table_id=table.id, opts=self.child()
            )
            tables.append(table)
        return tables

    def _nat(self, zone: str, subnet: aws.ec2.Subnet) -> aws.ec2.NatGateway:
        name = f"{self.name}-{zone}"
        address = aws.ec2.Eip(f"{name}-nat", domain="vpc", tags={"Name": f"{name}-nat"}, opts=self.child())
        return aws.ec2.NatGateway(
            name,
            allocation_id=address.id,
            subnet_id=subnet.id,
            tags={"Name": name},
            opts=self.child(depends_on=[self._gateway]),
        )
